import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { Item } from "@/api/types";
import { t } from "@/i18n";
import { ItemPicker } from "../items/ItemPicker";
import classes from "./counts.module.css";

interface Props {
  readonly id: string;
  readonly items: readonly Item[];
  readonly onChange: (items: readonly Item[]) => void;
  readonly error?: string | undefined;
}

/** As many as somebody chooses one by one; programs may list more. */
const ITEMS_MAX = 100;

/** Single items, found one after the other. */
export function ItemsField({ id, items, onChange, error }: Props) {
  const pick = (item: Item | null) => {
    if (item && !items.some((one) => one.id === item.id)) onChange([...items, item]);
  };
  return (
    <div>
      {items.length < ITEMS_MAX ? (
        <ItemPicker
          // Each begins with nothing typed, where the one before was found.
          key={items.length}
          id={id}
          label={t("counts.onlyItems")}
          item={null}
          onPick={pick}
          error={error}
          autoFocus={items.length > 0}
        />
      ) : (
        <p className="hf-dim">{t("counts.itemsMost", { count: ITEMS_MAX })}</p>
      )}
      <ul className={classes.chosen} aria-label={t("counts.onlyItems")}>
        {items.map((item) => (
          <li key={item.id}>
            <bdi className="hf-clip">{item.name}</bdi>
            <ActionIcon
              size={24}
              variant="subtle"
              aria-label={`${t("ui.remove")}: ${item.name}`}
              onClick={() => onChange(items.filter((one) => one.id !== item.id))}
            >
              <IconX size={14} aria-hidden />
            </ActionIcon>
          </li>
        ))}
      </ul>
    </div>
  );
}
