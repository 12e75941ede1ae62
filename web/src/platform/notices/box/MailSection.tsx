import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "@/api/client";
import type { Smtp } from "@/api/types";
import { t } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import {
  CardsField,
  FieldRow,
  FormFrame,
  LeaveGuard,
  SecretField,
  TextField,
  useForm,
} from "@/ui/form";
import { Loaded } from "@/ui/Loaded";
import { Notice } from "@/ui/Notice";
import { Section } from "@/ui/Page";
import { toastDone } from "@/ui/toast";
import { TryDialog } from "@/ui/TryDialog";
import { useMe } from "../../identity/queries";
import { LastTry } from "./LastTry";
import { changeMail, DELIVERY_KEY, mailQuery, testMail } from "./queries";

const SECURITIES = ["tls", "starttls", "none"] as const;
const USUAL_PORT = "465";

/** The server that mails leave by, and whether it takes them. */
export function MailSection() {
  const mail = useQuery(mailQuery);
  return (
    <Section title={t("mail.title")}>
      <Loaded query={mail} lines={6}>
        {({ smtp }) => (
          <div className="hf-stack">
            {smtp ? <Standing smtp={smtp} /> : <Notice tone="info">{t("mail.none")}</Notice>}
            <MailForm key={smtp ? "set" : "new"} smtp={smtp ?? null} />
          </div>
        )}
      </Loaded>
    </Section>
  );
}

function Standing({ smtp }: { readonly smtp: Smtp }) {
  if (!smtp.last) return <Notice tone="caution">{t("mail.untried")}</Notice>;
  return <LastTry last={smtp.last} />;
}

interface Values {
  readonly host: string;
  readonly port: string;
  readonly security: (typeof SECURITIES)[number];
  readonly user: string;
  readonly password: string;
  readonly from: string;
}

function valuesOf(smtp: Smtp | null): Values {
  return {
    host: smtp?.host ?? "",
    port: smtp ? String(smtp.port) : USUAL_PORT,
    security: smtp?.security ?? "tls",
    user: smtp?.user ?? "",
    password: "",
    from: smtp?.from ?? "",
  };
}

function MailForm({ smtp }: { readonly smtp: Smtp | null }) {
  const client = useQueryClient();
  const [asks, setAsks] = useState<"test" | "remove" | null>(null);
  const form = useForm<Values>({
    initial: valuesOf(smtp),
    newKey,
    validate: (values) => ({
      "smtp.host": values.host.trim() ? null : t("form.needed"),
      "smtp.port": /^\d{1,5}$/.test(values.port.trim()) ? null : t("mail.portBad"),
      "smtp.from": values.from.trim() ? null : t("form.needed"),
    }),
    send: async (values) => {
      const user = values.user.trim();
      const saved = await changeMail({
        host: values.host.trim(),
        port: Number(values.port),
        security: values.security,
        from: values.from.trim(),
        ...(user ? { user } : {}),
        ...(values.password ? { password: values.password } : {}),
      });
      client.setQueryData(mailQuery.queryKey, saved);
      form.reset(valuesOf(saved.smtp ?? null));
      toastDone(t("mail.saved"));
    },
  });
  return (
    <>
      <LeaveGuard isDirty={form.isDirty} />
      <FormFrame
        form={form}
        label={t("mail.title")}
        submitLabel={t("mail.save")}
        isBlocked={!form.isDirty}
        extra={
          smtp && (
            <>
              <Button variant="default" disabled={form.isDirty} onClick={() => setAsks("test")}>
                {t("mail.test")}
              </Button>
              <Button variant="default" onClick={() => setAsks("remove")}>
                {t("mail.remove")}
              </Button>
            </>
          )
        }
      >
        <CardsField
          form={form}
          name="security"
          label={t("mail.security")}
          options={SECURITIES.map((value) => ({
            value,
            label: t(`mail.security.${value}`),
            text: t(`mail.security.${value}Text`),
          }))}
        />
        <FieldRow>
          <TextField form={form} name="host" path="smtp.host" label={t("mail.host")} />
          <TextField
            form={form}
            name="port"
            path="smtp.port"
            label={t("mail.port")}
            inputMode="numeric"
            maxLength={5}
          />
        </FieldRow>
        <FieldRow>
          <TextField
            form={form}
            name="user"
            path="smtp.user"
            label={t("mail.user")}
            required={false}
          />
          <SecretField
            form={form}
            name="password"
            path="smtp.password"
            label={t("mail.password")}
            help={smtp?.has_password ? t("mail.passwordKept") : t("mail.passwordHelp")}
            autoComplete="new-password"
            required={false}
          />
        </FieldRow>
        <TextField
          form={form}
          name="from"
          path="smtp.from"
          label={t("mail.from")}
          help={t("mail.fromHelp")}
        />
      </FormFrame>
      {asks === "test" && <TestDialog onClose={() => setAsks(null)} />}
      <Confirm
        opened={asks === "remove"}
        title={t("mail.removeTitle")}
        confirmLabel={t("mail.remove")}
        onClose={() => setAsks(null)}
        onConfirm={async () => {
          client.setQueryData(mailQuery.queryKey, await changeMail(null));
          setAsks(null);
          toastDone(t("mail.removed"));
        }}
      >
        {t("mail.removeBody")}
      </Confirm>
    </>
  );
}

/** Sends one mail to the reader and says how that ended. */
function TestDialog({ onClose }: { readonly onClose: () => void }) {
  const client = useQueryClient();
  const { email } = useMe();
  return (
    <TryDialog
      title={t("mail.testTitle")}
      text={t("mail.testBody", { email })}
      tryLabel="mail.testSend"
      againLabel="mail.testAgain"
      send={() => testMail(email)}
      onTried={() => client.invalidateQueries({ queryKey: DELIVERY_KEY })}
      onClose={onClose}
    >
      {(outcome) => <LastTry last={outcome} />}
    </TryDialog>
  );
}
