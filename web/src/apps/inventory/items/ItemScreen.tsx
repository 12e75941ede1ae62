import { Button, Menu } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { IconPencil, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import type { Item } from "@/api/types";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { ActionsMenu } from "@/ui/ActionsMenu";
import { Confirm } from "@/ui/Confirm";
import { LinkButton } from "@/ui/LinkButton";
import { Notice } from "@/ui/Notice";
import { Page, Section } from "@/ui/Page";
import { Tag } from "@/ui/Tag";
import { toastDone, toastFailed } from "@/ui/toast";
import { Comments } from "../comments/Comments";
import { FilesSection } from "../files/FilesSection";
import Portrait from "../files/Portrait";
import { MOVE, WRITE } from "../permissions";
import { MovementDialog } from "../movements/MovementDialog";
import { MOVEMENT_TYPES, type MovementType } from "../movements/queries";
import { Zone } from "../Zone";
import { ItemFacts } from "./ItemFacts";
import { ItemHistory } from "./ItemHistory";
import { deleteItem, itemQuery, restoreItem } from "./queries";
import { StockBars } from "./StockBars";
import classes from "./item.module.css";

export function ItemScreen() {
  const workspace = useWorkspace();
  const { item: id } = useParams({ from: "/frame/w/$workspace/inventory/items/$item" });
  const query = useQuery(itemQuery(workspace.id, id));
  const item = query.data;
  const [posting, setPosting] = useState<MovementType | null>(null);
  return (
    <Page
      title={item ? <bdi>{item.name}</bdi> : t("items.one")}
      tabTitle={item?.name ?? t("items.one")}
      subtitle={item && <ItemTags item={item} />}
      actions={item && !item.deleted_at && <ItemActions item={item} onPost={setPosting} />}
      isLoading={query.isPending}
      error={query.error}
      onRetry={() => void query.refetch()}
    >
      {item && (
        <>
          {item.deleted_at && <DeletedNotice item={item} />}
          <div className={classes.columns}>
            <Section title={t("items.stock")}>
              <StockBars item={item} />
            </Section>
            <Section title={t("items.facts")}>
              <Portrait item={item.id} />
              <ItemFacts item={item} />
            </Section>
          </div>
          <FilesSection
            key={item.id}
            about={{ kind: "item", id: item.id }}
            title={t("files.title")}
            name={item.name}
            isClosed={Boolean(item.deleted_at)}
          />
          {!item.deleted_at && <Comments about={{ kind: "item", id: item.id }} />}
          <ItemHistory item={item} />
          {posting && (
            <MovementDialog type={posting} item={item} onClose={() => setPosting(null)} />
          )}
        </>
      )}
    </Page>
  );
}

function ItemTags({ item }: { readonly item: Item }) {
  return (
    <span className={classes.tags}>
      <bdi className="hf-mono">{item.item_number}</bdi>
      {item.category && (
        <Tag>
          <bdi>{item.category}</bdi>
        </Tag>
      )}
      {item.temp_zone && <Zone zone={item.temp_zone} />}
      {item.low && <Tag tone="caution">{t("items.belowMin")}</Tag>}
    </span>
  );
}

function ItemActions({
  item,
  onPost,
}: {
  readonly item: Item;
  readonly onPost: (type: MovementType) => void;
}) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [asks, setAsks] = useState(false);
  const remove = async () => {
    await deleteItem(workspace.id, item);
    setAsks(false);
    await client.invalidateQueries({ queryKey: ["inventory", workspace.id] });
    await navigate({ to: "/w/$workspace/inventory/items", params: { workspace: workspace.id } });
    toastDone(t("items.deleted", { name: item.name }), () => {
      restoreItem(workspace.id, item.id)
        .then(() => client.invalidateQueries({ queryKey: ["inventory", workspace.id] }))
        .catch(toastFailed);
    });
  };
  return (
    <>
      {workspace.can(MOVE) &&
        MOVEMENT_TYPES.map((type) => (
          <Button
            key={type}
            variant={type === "receive" ? "filled" : "default"}
            onClick={() => onPost(type)}
          >
            {t(`movements.do.${type}`)}
          </Button>
        ))}
      {workspace.can(WRITE) && (
        <>
          <LinkButton
            to="/w/$workspace/inventory/items/$item/edit"
            params={{ workspace: workspace.id, item: item.id }}
            variant="default"
            leftSection={<IconPencil size={16} aria-hidden />}
          >
            {t("ui.edit")}
          </LinkButton>
          <ActionsMenu label={t("ui.more")}>
            <Menu.Item
              leftSection={<IconTrash size={16} aria-hidden />}
              onClick={() => setAsks(true)}
            >
              {t("items.delete")}
            </Menu.Item>
          </ActionsMenu>
        </>
      )}
      <Confirm
        opened={asks}
        title={t("items.deleteTitle", { name: item.name })}
        confirmLabel={t("items.delete")}
        onConfirm={remove}
        onClose={() => setAsks(false)}
      >
        {t("items.deleteBody")}
      </Confirm>
    </>
  );
}

function DeletedNotice({ item }: { readonly item: Item }) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const restore = () =>
    void restoreItem(workspace.id, item.id)
      .then(() => client.invalidateQueries({ queryKey: ["inventory", workspace.id] }))
      .catch(toastFailed);
  return (
    <Notice tone="caution" title={t("items.isDeleted")}>
      {workspace.can(WRITE) && (
        <Button size="xs" variant="default" mt={6} onClick={restore}>
          {t("items.restore")}
        </Button>
      )}
    </Notice>
  );
}
