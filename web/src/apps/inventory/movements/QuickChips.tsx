import { Menu, UnstyledButton } from "@mantine/core";
import { IconAlertTriangle, IconChevronDown } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Item, Location } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { pathName } from "../locations/tree";
import { MOVEMENT_TYPES, type MovementType } from "./queries";
import type { Understood } from "./useQuickEntry";
import classes from "./movements.module.css";

interface Pick {
  readonly type?: MovementType;
  readonly item?: Item;
  readonly place?: Location;
  readonly to?: Location;
}

const PLACES_MAX = 60;

/** What the line means so far. A dashed chip is missing; each can be picked by hand. */
export function QuickChips({
  understood,
  onPick,
}: {
  readonly understood: Understood;
  readonly onPick: (pick: Pick) => void;
}) {
  const format = useFormat();
  const { entry, type, item, itemChoices, place, to, locations } = understood;
  const placeOptions = locations
    .filter((one) => one.active && !one.deleted_at)
    .slice(0, PLACES_MAX)
    .map((one) => ({ key: one.id, label: pathName(one, locations), hint: one.code, value: one }));
  const qtyText =
    entry.qty === null
      ? (entry.badQty ?? t("quick.qty"))
      : `${format.qty(entry.qty)} ${item?.unit ?? entry.unit ?? ""}`;
  return (
    <div className={classes.chips} aria-live="polite">
      <Picker
        label={type ? t(`movements.type.${type}`) : t("quick.type")}
        isMissing={!type}
        options={MOVEMENT_TYPES.map((value) => ({
          key: value,
          label: t(`movements.type.${value}`),
          value,
        }))}
        onPick={(value) => onPick({ type: value })}
      />
      <Said
        isMissing={entry.qty === null}
        isWrong={entry.badQty !== null || understood.isUnitWrong}
      >
        {qtyText}
        {understood.isUnitWrong && item && ` — ${t("quick.unit", { unit: item.unit })}`}
      </Said>
      <Picker
        label={
          item
            ? item.name
            : understood.isSearching
              ? t("quick.searching")
              : entry.item
                ? t("quick.noItem", { text: entry.item })
                : t("quick.item")
        }
        isMissing={!item}
        options={itemChoices.map((one) => ({
          key: one.id,
          label: one.name,
          hint: one.item_number,
          value: one,
        }))}
        onPick={(value) => onPick({ item: value })}
      />
      <Picker
        label={
          place
            ? `@ ${place.name}`
            : entry.place
              ? t("quick.noPlace", { text: entry.place })
              : t("quick.place")
        }
        isMissing={!place}
        options={placeOptions}
        onPick={(value) => onPick({ place: value })}
      />
      {type === "transfer" && (
        <Picker
          label={
            to
              ? `→ ${to.name}`
              : entry.toPlace
                ? t("quick.noPlace", { text: entry.toPlace })
                : t("quick.to")
          }
          isMissing={!to}
          options={placeOptions.filter((one) => one.key !== place?.id)}
          onPick={(value) => onPick({ to: value })}
        />
      )}
      {entry.unitCost !== null && type === "receive" && (
        <Said>{t("quick.price", { price: format.money(entry.unitCost) })}</Said>
      )}
      {entry.reference && <Said>{entry.reference}</Said>}
      {entry.note && <Said>“{entry.note}”</Said>}
    </div>
  );
}

function Said({
  isMissing = false,
  isWrong = false,
  children,
}: {
  readonly isMissing?: boolean;
  readonly isWrong?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <span
      className={classes.chip}
      data-missing={(isMissing && !isWrong) || undefined}
      data-wrong={isWrong || undefined}
    >
      {isWrong && <IconAlertTriangle size={14} aria-hidden />}
      <bdi className="hf-clip">{children}</bdi>
    </span>
  );
}

interface PickerProps<T> {
  readonly label: string;
  readonly isMissing: boolean;
  readonly options: readonly {
    readonly key: string;
    readonly label: string;
    readonly hint?: string;
    readonly value: T;
  }[];
  readonly onPick: (value: T) => void;
}

function Picker<T>({ label, isMissing, options, onPick }: PickerProps<T>) {
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <UnstyledButton className={classes.chip} data-missing={isMissing || undefined}>
          <bdi className="hf-clip">{label}</bdi>
          <IconChevronDown size={13} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown style={{ maxHeight: 320, overflowY: "auto", maxWidth: 420 }}>
        {options.length === 0 && <Menu.Label>{t("quick.typeMore")}</Menu.Label>}
        {options.map((option) => (
          <Menu.Item
            key={option.key}
            onClick={() => onPick(option.value)}
            rightSection={option.hint && <bdi className="hf-dim hf-mono">{option.hint}</bdi>}
          >
            <bdi>{option.label}</bdi>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
