import { useQuery } from "@tanstack/react-query";
import type { Usage } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { Loaded } from "@/ui/Loaded";
import { Section } from "@/ui/Page";
import { usageQuery } from "./queries";
import classes from "./workspaces.module.css";

/** What a workspace holds, in numbers. */
export function UsageSection({ workspace }: { readonly workspace: string }) {
  const usage = useQuery(usageQuery(workspace));
  return (
    <Section title={t("usage.title")}>
      <Loaded query={usage} lines={3}>
        {(data) => <Figures usage={data} />}
      </Loaded>
    </Section>
  );
}

function Figures({ usage }: { readonly usage: Usage }) {
  const format = useFormat();
  const roles = Object.entries(usage.members_by_role)
    .filter(([, count]) => count > 0)
    .map(([role, count]) => `${format.integer(count)} ${tDynamic(`usage.role.${role}`, role)}`);
  return (
    <dl className={classes.figures}>
      <Figure
        label={t("usage.people")}
        value={format.integer(usage.members)}
        note={roles.join(", ")}
      />
      {usage.invitations_waiting > 0 && (
        <Figure label={t("usage.invitations")} value={format.integer(usage.invitations_waiting)} />
      )}
      {usage.objects.map((one) => (
        <Figure
          key={one.kind}
          label={tDynamic(`usage.kind.${one.kind}`, one.title)}
          value={format.integer(one.count)}
        />
      ))}
      <Figure label={t("usage.entries")} value={format.integer(usage.audit_entries)} />
      <Figure label={t("usage.size")} value={format.bytes(usage.database_bytes)} />
      <Figure label={t("usage.files")} value={format.bytes(usage.file_bytes)} />
    </dl>
  );
}

function Figure({
  label,
  value,
  note,
}: {
  readonly label: string;
  readonly value: string;
  readonly note?: string;
}) {
  return (
    <div className={classes.figure}>
      <dt>{label}</dt>
      <dd className="hf-number">{value}</dd>
      {note && <dd className={classes.note}>{note}</dd>}
    </div>
  );
}
