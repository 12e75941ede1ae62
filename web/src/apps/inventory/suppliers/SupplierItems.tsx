import { ActionIcon, Button } from "@mantine/core";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { IconPencil, IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";
import type { Supplier, SupplierItem } from "@/api/types";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Confirm } from "@/ui/Confirm";
import { MoreButton } from "@/ui/MoreButton";
import { Section } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { SkeletonLines } from "@/ui/Skeleton";
import { Tag } from "@/ui/Tag";
import { toastDone } from "@/ui/toast";
import { Money, Qty } from "@/ui/values";
import { WRITE } from "../permissions";
import { removeSupplierItem, supplierItemsQuery } from "./queries";
import { SupplierItemDialog } from "./SupplierItemDialog";
import classes from "./suppliers.module.css";

/** What a supplier delivers, with their code, pack and price. */
export function SupplierItems({ supplier }: { readonly supplier: Supplier }) {
  const workspace = useWorkspace();
  const list = useInfiniteQuery(supplierItemsQuery(workspace.id, supplier.id));
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const [edited, setEdited] = useState<SupplierItem | "new" | null>(null);
  const [removed, setRemoved] = useState<SupplierItem | null>(null);
  return (
    <Section
      title={t("suppliers.delivers")}
      aside={
        workspace.can(WRITE) && (
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => setEdited("new")}
          >
            {t("suppliers.addItem")}
          </Button>
        )
      }
    >
      {list.error && <ProblemAlert error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <SkeletonLines count={3} />}
      {list.data && rows.length === 0 && <p className="hf-note">{t("suppliers.nothing")}</p>}
      {rows.length > 0 && (
        <ul className={classes.items} aria-label={t("suppliers.delivers")}>
          {rows.map((row) => (
            <ItemRow
              key={row.item_id}
              row={row}
              onEdit={() => setEdited(row)}
              onRemove={() => setRemoved(row)}
            />
          ))}
        </ul>
      )}
      <MoreButton of={list} />
      {edited && (
        <SupplierItemDialog
          supplier={supplier}
          row={edited === "new" ? null : edited}
          onClose={() => setEdited(null)}
        />
      )}
      {removed && <RemoveItem supplier={supplier} row={removed} onClose={() => setRemoved(null)} />}
    </Section>
  );
}

function ItemRow({
  row,
  onEdit,
  onRemove,
}: {
  readonly row: SupplierItem;
  readonly onEdit: () => void;
  readonly onRemove: () => void;
}) {
  const workspace = useWorkspace();
  const name = row.item_name;
  return (
    <li className={classes.item}>
      <span className={classes.name}>
        <bdi className="hf-clip">{name}</bdi>
        {row.preferred && <Tag tone="info">{t("suppliers.preferredTag")}</Tag>}
      </span>
      <span className={classes.terms}>
        <bdi className="hf-mono hf-dim">{row.sku || row.item_number}</bdi>
        <span>
          {t("suppliers.pack")} <Qty value={row.pack_qty} unit={row.unit} />
        </span>
        {row.last_price && <Money value={row.last_price} />}
      </span>
      {workspace.can(WRITE) && (
        <span className={classes.actions}>
          <ActionIcon aria-label={t("suppliers.changeItem", { name })} onClick={onEdit}>
            <IconPencil size={16} aria-hidden />
          </ActionIcon>
          <ActionIcon aria-label={t("suppliers.removeItem", { name })} onClick={onRemove}>
            <IconX size={16} aria-hidden />
          </ActionIcon>
        </span>
      )}
    </li>
  );
}

function RemoveItem({
  supplier,
  row,
  onClose,
}: {
  readonly supplier: Supplier;
  readonly row: SupplierItem;
  readonly onClose: () => void;
}) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const remove = async () => {
    await removeSupplierItem(workspace.id, supplier, row.item_id);
    onClose();
    await client.invalidateQueries({ queryKey: ["inventory", workspace.id, "suppliers"] });
    toastDone(t("suppliers.saved", { name: supplier.name }));
  };
  return (
    <Confirm
      opened
      title={t("suppliers.removeTitle", { name: row.item_name })}
      confirmLabel={t("ui.remove")}
      onConfirm={remove}
      onClose={onClose}
    >
      {t("suppliers.removeBody")}
    </Confirm>
  );
}
