import type { Movement } from "@/api/types";
import { t } from "@/i18n";

/** Who posted a movement; the box itself may have. */
export function posterName(movement: Movement): string {
  return movement.posted_by?.name || t("audit.actor.system");
}
