import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Registration } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { Loaded } from "@/ui/Loaded";
import { Section } from "@/ui/Page";
import { RowEntry, RowList } from "@/ui/RowList";
import { toastDone, toastFailed } from "@/ui/toast";
import { Initials } from "@/ui/values";
import { LinkDialog } from "../../people/LinkDialog";
import { linkFor, turnDown, waitingQuery } from "./queries";

/** Whoever registered and has not opened the link: to be helped, or turned down. */
export function WaitingSection() {
  const client = useQueryClient();
  const format = useFormat();
  const waiting = useQuery(waitingQuery);
  const [made, setMade] = useState<Registration | null>(null);
  const [doomed, setDoomed] = useState<Registration | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: waitingQuery.queryKey });
  const show = async (one: Registration) => {
    try {
      setMade(await linkFor(one.id));
    } catch (error) {
      toastFailed(error);
    }
    await refresh();
  };
  return (
    <Section title={t("registration.waiting")}>
      <Loaded query={waiting} lines={2}>
        {(rows) =>
          rows.length === 0 ? (
            <p className="hf-note">{t("registration.nobody")}</p>
          ) : (
            <RowList label={t("registration.waiting")}>
              {rows.map((one) => (
                <Row
                  key={one.id}
                  one={one}
                  onLink={() => show(one)}
                  onRefuse={() => setDoomed(one)}
                />
              ))}
            </RowList>
          )
        }
      </Loaded>
      {made && (
        <LinkDialog
          title={t("invite.doneTitle", { email: made.email })}
          link={made.link ?? ""}
          text={t("registration.linkText", { date: format.dateTime(made.expires_at) })}
          warning={t("registration.linkOnce")}
          onClose={() => setMade(null)}
        />
      )}
      <Confirm
        opened={doomed !== null}
        title={t("registration.refuseTitle", { name: doomed?.name ?? "" })}
        confirmLabel={t("registration.refuse")}
        onClose={() => setDoomed(null)}
        onConfirm={async () => {
          if (doomed) await turnDown(doomed.id);
          await refresh();
          setDoomed(null);
          toastDone(t("registration.refused"));
        }}
      >
        {t("registration.refuseBody")}
      </Confirm>
    </Section>
  );
}

function Row({
  one,
  onLink,
  onRefuse,
}: {
  readonly one: Registration;
  readonly onLink: () => Promise<void>;
  readonly onRefuse: () => void;
}) {
  const format = useFormat();
  const [isBusy, setBusy] = useState(false);
  const link = async () => {
    setBusy(true);
    await onLink();
    setBusy(false);
  };
  return (
    <RowEntry
      symbol={<Initials name={one.name} seed={one.id} />}
      title={one.name}
      line={
        <>
          <bdi>{one.email}</bdi> ·{" "}
          {t("registration.until", { date: format.dateTime(one.expires_at) })}
        </>
      }
      actions={
        <>
          <Button
            size="compact-sm"
            variant="default"
            loading={isBusy}
            aria-label={t("registration.linkOf", { name: one.name })}
            onClick={() => void link()}
          >
            {t("registration.link")}
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t("registration.refuseOf", { name: one.name })}
            onClick={onRefuse}
          >
            {t("registration.refuse")}
          </Button>
        </>
      }
    />
  );
}
