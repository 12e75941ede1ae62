import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { t } from "@/i18n";
import { Section } from "@/ui/Page";
import { RowEntry, RowList } from "@/ui/RowList";
import { elsewhereQuery } from "./queries";

/** Who belonged to the workspace on the box it came from; nothing where it came from none. */
export function ElsewhereSection({ workspace }: { readonly workspace: string }) {
  const list = useInfiniteQuery(elsewhereQuery(workspace));
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  if (rows.length === 0) return null;
  return (
    <Section title={t("workspace.elsewhere")}>
      <p className="hf-dim" style={{ marginTop: 0 }}>
        {t("workspace.elsewhereText")}
      </p>
      <RowList isFramed label={t("workspace.elsewhere")}>
        {rows.map((one) => (
          <RowEntry
            key={one.id}
            title={one.name}
            line={[one.email, one.role].filter(Boolean).join(" · ")}
          />
        ))}
      </RowList>
      {list.hasNextPage && (
        <Button
          variant="default"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {t("ui.more")}
        </Button>
      )}
    </Section>
  );
}
