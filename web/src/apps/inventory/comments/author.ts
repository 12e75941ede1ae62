import type { Comment } from "@/api/types";
import { t } from "@/i18n";

/** Who wrote a comment; the box itself may have, and of somebody gone the name may be unknown. */
export function authorOf(comment: Comment): string {
  return comment.author ? nameOf(comment.author.name) : t("comments.box");
}

export function nameOf(name: string): string {
  return name || t("comments.somebody");
}
