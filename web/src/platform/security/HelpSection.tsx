import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { HelpRequest } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { Section } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { RowEntry, RowList } from "@/ui/RowList";
import { toastDone } from "@/ui/toast";
import { Initials } from "@/ui/values";
import { useMe } from "../identity/queries";
import { answerHelp, helpQuery } from "./queries";

/** People who lost their second factor; nothing at all while nobody waits. */
export function HelpSection() {
  const me = useMe();
  const format = useFormat();
  const requests = useQuery(helpQuery);
  const [asked, setAsked] = useState<{ one: HelpRequest; approves: boolean } | null>(null);
  const waiting = (requests.data ?? []).filter((one) => one.user.id !== me.id);
  if (requests.error)
    return <ProblemAlert error={requests.error} onRetry={() => void requests.refetch()} />;
  if (waiting.length === 0 && !asked) return null;
  return (
    <Section title={t("help.title")}>
      <div className="hf-stack">
        <p className="hf-text">{t("help.lead")}</p>
        <RowList label={t("help.title")}>
          {waiting.map((one) => (
            <RowEntry
              key={one.id}
              symbol={<Initials name={one.user.name} seed={one.user.id} />}
              title={one.user.name}
              line={[
                one.user.email,
                t("help.asked", { when: format.when(one.asked_at) }),
                one.address ?? "",
              ]
                .filter(Boolean)
                .join(" · ")}
              actions={
                <>
                  <Button
                    size="compact-sm"
                    onClick={() => setAsked({ one, approves: true })}
                    aria-label={t("help.approveOf", { name: one.user.name })}
                  >
                    {t("help.approve")}
                  </Button>
                  <Button
                    size="compact-sm"
                    variant="default"
                    onClick={() => setAsked({ one, approves: false })}
                    aria-label={t("help.refuseOf", { name: one.user.name })}
                  >
                    {t("help.refuse")}
                  </Button>
                </>
              }
            />
          ))}
        </RowList>
        {asked && <Answer {...asked} onClose={() => setAsked(null)} />}
      </div>
    </Section>
  );
}

function Answer({
  one,
  approves,
  onClose,
}: {
  readonly one: HelpRequest;
  readonly approves: boolean;
  readonly onClose: () => void;
}) {
  const client = useQueryClient();
  const { name } = one.user;
  const act = async () => {
    try {
      await answerHelp(one.id, approves ? "approve" : "refuse");
    } finally {
      await client.invalidateQueries({ queryKey: helpQuery.queryKey });
    }
    toastDone(t(approves ? "help.approved" : "help.refused", { name }));
    onClose();
  };
  return (
    <Confirm
      opened
      title={t(approves ? "help.approveTitle" : "help.refuseTitle", { name })}
      confirmLabel={t(approves ? "help.approve" : "help.refuse")}
      isDanger={approves}
      onConfirm={act}
      onClose={onClose}
    >
      {approves ? t("help.approveBody", { name }) : t("help.refuseBody", { name })}
    </Confirm>
  );
}
