import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { t } from "@/i18n";
import { MoreButton } from "@/ui/MoreButton";
import { Section } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { RowEntry, RowList } from "@/ui/RowList";
import { Tag } from "@/ui/Tag";
import { membersQuery } from "../../people/queries";
import { roleName } from "../../people/roles";
import { elsewhereQuery } from "./queries";

/** Who belonged to the workspace on the box it came from; nothing where it came from none. */
export function ElsewhereSection({ workspace }: { readonly workspace: string }) {
  const list = useInfiniteQuery(elsewhereQuery(workspace));
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const members = new Set(useQuery(membersQuery(workspace)).data?.members.map((one) => one.email));
  if (rows.length === 0 && !list.error) return null;
  return (
    <Section title={t("workspace.elsewhere")}>
      <p className="hf-dim" style={{ marginTop: 0 }}>
        {t("workspace.elsewhereText")}
      </p>
      {list.error && <ProblemAlert error={list.error} onRetry={() => void list.refetch()} />}
      <RowList label={t("workspace.elsewhere")}>
        {rows.map((one) => (
          <RowEntry
            key={one.id}
            title={one.name}
            tags={
              one.email &&
              members.has(one.email) && <Tag tone="good">{t("workspace.elsewhereHere")}</Tag>
            }
            line={[one.email, one.role && roleName({ role: one.role, role_name: one.role })]
              .filter(Boolean)
              .join(" · ")}
          />
        ))}
      </RowList>
      <MoreButton of={list} />
    </Section>
  );
}
