import { useQuery, useQueryClient } from "@tanstack/react-query";
import { newKey } from "@/api/client";
import type { RegistrationSettings, RoleName } from "@/api/types";
import { t } from "@/i18n";
import { AreaField, CardsField, ChoiceField, FormFrame, LeaveGuard, useForm } from "@/ui/form";
import { Loaded } from "@/ui/Loaded";
import { Page, Section } from "@/ui/Page";
import { toastDone } from "@/ui/toast";
import { nameOf, ROLES } from "../../people/roles";
import { OperatorsOnly } from "../OperatorsOnly";
import { useMe } from "../queries";
import { changeRegistration, offerQuery, registrationQuery } from "./queries";
import { WaitingSection } from "./WaitingSection";

/** Who may make an account by themselves, what they become, and who waits. */
export function RegistrationScreen() {
  const title = t("registration.title");
  return (
    <OperatorsOnly title={title} text={t("registration.forbidden")}>
      <Page title={title} tabTitle={title} subtitle={t("registration.lead")} layout="form">
        <SettingsSection />
        <WaitingSection />
      </Page>
    </OperatorsOnly>
  );
}

function SettingsSection() {
  const settings = useQuery(registrationQuery);
  return (
    <Section title={t("registration.who")}>
      <Loaded query={settings} lines={5}>
        {(data) => <SettingsForm settings={data} />}
      </Loaded>
    </Section>
  );
}

const NOWHERE = "none";

interface Values {
  readonly mode: RegistrationSettings["mode"];
  readonly domains: string;
  readonly place: string | null;
  readonly role: string | null;
}

function valuesOf(settings: RegistrationSettings): Values {
  return {
    mode: settings.mode,
    domains: settings.domains.join("\n"),
    place: settings.workspace_id ?? NOWHERE,
    role: settings.role ?? "viewer",
  };
}

function SettingsForm({ settings }: { readonly settings: RegistrationSettings }) {
  const me = useMe();
  const client = useQueryClient();
  const form = useForm<Values>({
    initial: valuesOf(settings),
    newKey,
    validate: (values) => ({
      domains:
        values.mode === "domains" && !values.domains.trim()
          ? t("registration.domainsNeeded")
          : null,
    }),
    send: async (values) => {
      const saved = await changeRegistration({
        mode: values.mode,
        domains: values.domains.split(/[\s,;]+/).filter(Boolean),
        ...placeOf(values),
      });
      client.setQueryData(registrationQuery.queryKey, saved);
      client.setQueryData(offerQuery.queryKey, saved.mode === "domains");
      form.reset(valuesOf(saved));
      toastDone(t("registration.saved"));
    },
  });
  const known = me.workspaces.map((one) => ({ value: one.id, label: one.name }));
  const kept = settings.workspace_id;
  const isForeign = kept && !known.some((one) => one.value === kept);
  const isOpen = form.values.mode === "domains";
  return (
    <>
      <LeaveGuard isDirty={form.isDirty && !form.isSending} />
      <FormFrame
        form={form}
        label={t("registration.who")}
        submitLabel={t("registration.save")}
        isBlocked={!form.isDirty}
      >
        <CardsField
          form={form}
          name="mode"
          label={t("registration.mode")}
          options={(["closed", "domains"] as const).map((value) => ({
            value,
            label: t(`registration.mode.${value}`),
            text: t(`registration.mode.${value}Text`),
          }))}
        />
        {isOpen && (
          <>
            <AreaField
              form={form}
              name="domains"
              label={t("registration.domains")}
              help={t("registration.domainsHelp")}
            />
            <ChoiceField
              form={form}
              name="place"
              path="workspace_id"
              label={t("registration.place")}
              data={[
                { value: NOWHERE, label: t("registration.nowhere") },
                ...known,
                ...(isForeign ? [{ value: kept, label: t("service.otherPlace") }] : []),
              ]}
            />
            {form.values.place !== NOWHERE && (
              <ChoiceField
                form={form}
                name="role"
                label={t("registration.role")}
                help={t("registration.roleHelp")}
                data={ROLES.map((role) => ({
                  value: role,
                  label: nameOf({ id: role, name: role }),
                }))}
              />
            )}
          </>
        )}
        {settings.mode === "domains" && (
          <p className="hf-note">
            {t("registration.address", { address: `${window.location.origin}/register` })}
          </p>
        )}
      </FormFrame>
    </>
  );
}

function placeOf(values: Values): { workspace_id: string | null; role: RoleName | null } {
  const role = ROLES.find((one) => one === values.role);
  if (!values.place || values.place === NOWHERE || !role) return { workspace_id: null, role: null };
  return { workspace_id: values.place, role };
}
