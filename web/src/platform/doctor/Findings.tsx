import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { DoctorFinding } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { CopyText } from "@/ui/CopyText";
import { Lamp } from "@/ui/Lamp";
import { RowEntry, RowList } from "@/ui/RowList";
import { toastDone } from "@/ui/toast";
import { DOCTOR_KEY, mend } from "./queries";
import { allDone, lampOf, manualOf } from "./rules";
import classes from "./doctor.module.css";

interface Props {
  readonly findings: readonly DoctorFinding[];
  readonly label: string;
}

/** Findings with their causes; what is wrong with what follows and what mends it. */
export function Findings({ findings, label }: Props) {
  const [asked, setAsked] = useState<DoctorFinding | null>(null);
  const client = useQueryClient();
  return (
    <>
      <RowList label={label}>
        {findings.map((finding) => (
          <RowEntry
            key={finding.code}
            title={<span lang="en">{finding.title}</span>}
            tags={
              <Lamp
                state={lampOf(finding.status)}
                label={tDynamic(`doctor.status.${finding.status}`, finding.status)}
              />
            }
            line={<Details finding={finding} onMend={() => setAsked(finding)} />}
          />
        ))}
      </RowList>
      <Confirm
        opened={asked !== null}
        title={t("doctor.mendTitle")}
        confirmLabel={t("doctor.mend")}
        isDanger={false}
        onClose={() => setAsked(null)}
        onConfirm={async () => {
          if (!asked) return;
          const { done } = await mend(asked.code);
          const all = allDone(done);
          setAsked(null);
          toastDone(
            all.length > 0 ? t("doctor.mended", { count: all.length }) : t("doctor.nothingMended"),
          );
          await client.invalidateQueries({ queryKey: DOCTOR_KEY });
        }}
      >
        {t("doctor.mendBody", { title: asked?.title ?? "" })} {t("doctor.mendSafe")}
      </Confirm>
    </>
  );
}

function Details({
  finding,
  onMend,
}: {
  readonly finding: DoctorFinding;
  readonly onMend: () => void;
}) {
  const format = useFormat();
  return (
    <div className={classes.words} lang="en">
      <p>{format.inText(finding.cause)}</p>
      {finding.effect && (
        <p className={classes.effect}>
          <strong>{t("doctor.effect")}</strong> {finding.effect}
        </p>
      )}
      {finding.fix.length > 0 && (
        <ol className={classes.fix} aria-label={t("doctor.fix")}>
          {finding.fix.map((command) => (
            <li key={command}>
              <CopyText text={command} label={finding.title} />
            </li>
          ))}
        </ol>
      )}
      {finding.effect && (
        <p className={classes.acts}>
          {finding.fixable && (
            <Button size="compact-sm" variant="default" onClick={onMend}>
              {t("doctor.mend")}
            </Button>
          )}
          <a href={manualOf(finding.code)}>
            {t("doctor.manual")}: <span className="hf-mono">{finding.code}</span>
          </a>
        </p>
      )}
    </div>
  );
}
