import {
  IconAdjustmentsHorizontal,
  IconArrowDownLeft,
  IconArrowsExchange,
  IconArrowUpRight,
} from "@tabler/icons-react";
import type { Movement } from "@/api/types";
import { t } from "@/i18n";
import { Tag } from "@/ui/Tag";
import type { MovementType } from "./queries";
import classes from "./movements.module.css";

const ICONS = {
  receive: IconArrowDownLeft,
  use: IconArrowUpRight,
  adjust: IconAdjustmentsHorizontal,
  transfer: IconArrowsExchange,
};

export function MovementIcon({ type }: { readonly type: MovementType }) {
  const Icon = ICONS[type];
  return <Icon size={15} aria-hidden className={classes.typeIcon} />;
}

/** The kind of a movement and whether it was taken back. */
export function MovementTag({ movement }: { readonly movement: Movement }) {
  return (
    <span className={classes.type}>
      <MovementIcon type={movement.type} />
      {t(`movements.type.${movement.type}`)}
      {movement.reversed_by && <Tag>{t("movements.reversed")}</Tag>}
      {movement.reverses && <Tag>{t("movements.reversal")}</Tag>}
    </span>
  );
}
