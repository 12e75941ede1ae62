import { Menu } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconBookmark, IconBookmarkPlus, IconCheck, IconPencil } from "@tabler/icons-react";
import { useState } from "react";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { MenuChip } from "@/ui/FilterChips";
import { locationsQuery } from "../../locations/queries";
import { READ } from "../../permissions";
import { categoriesQuery, type ItemFilter } from "../queries";
import { chosenBy, inWords, isEmpty, isSame, type Chosen, type Known } from "./filters";
import { ManageDialog } from "./ManageDialog";
import { NameDialog } from "./NameDialog";
import { savedFiltersQuery } from "./queries";
import classes from "./saved.module.css";

interface Props {
  /** What the list shows now. */
  readonly filter: ItemFilter;
  readonly onChange: (next: Chosen) => void;
}

/** The filters somebody saved: one press shows what one of them says. */
export default function SavedFilters({ filter, onChange }: Props) {
  const [dialog, setDialog] = useState<"save" | "manage" | null>(null);
  const workspace = useWorkspace();
  const enabled = workspace.can(READ);
  const saved = useQuery({ ...savedFiltersQuery(workspace.id), enabled });
  const categories = useQuery({ ...categoriesQuery(workspace.id), enabled }).data;
  const places = useQuery({ ...locationsQuery(workspace.id), enabled }).data;
  const known: Known = { categories, places: places?.filter((one) => !one.deleted_at) };
  const all = saved.data ?? [];
  const active = all.find((one) => isSame(one, filter));
  const label = t("items.savedFilters");
  const close = () => setDialog(null);
  return (
    <>
      <MenuChip
        label={active ? `${label}: ${active.name}` : label}
        isOn={active !== undefined}
        className={classes.menu}
      >
        <Menu.Label>{t("filters.title")}</Menu.Label>
        {saved.error && (
          <Menu.Item closeMenuOnClick={false} onClick={() => void saved.refetch()}>
            {t("filters.failed")}
          </Menu.Item>
        )}
        {saved.data?.length === 0 && <div className={classes.none}>{t("filters.none")}</div>}
        {all.map((one) => (
          <Menu.Item
            key={one.id}
            aria-current={one === active || undefined}
            leftSection={
              one === active ? (
                <IconCheck size={16} aria-hidden />
              ) : (
                <IconBookmark size={16} aria-hidden />
              )
            }
            onClick={() => onChange(chosenBy(one))}
          >
            <bdi className={classes.name}>{one.name}</bdi>
            <bdi className={classes.about}>{inWords(one, known)}</bdi>
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconBookmarkPlus size={16} aria-hidden />}
          disabled={isEmpty(filter) || active !== undefined}
          onClick={() => setDialog("save")}
        >
          {t("filters.save")}
        </Menu.Item>
        {all.length > 0 && (
          <Menu.Item
            leftSection={<IconPencil size={16} aria-hidden />}
            onClick={() => setDialog("manage")}
          >
            {t("filters.manage")}
          </Menu.Item>
        )}
      </MenuChip>
      {dialog === "save" && (
        <NameDialog filter={filter} about={inWords(filter, known)} onClose={close} />
      )}
      {dialog === "manage" && (
        <ManageDialog saved={all} filter={filter} known={known} onClose={close} />
      )}
    </>
  );
}
