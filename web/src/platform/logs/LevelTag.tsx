import { t, tDynamic } from "@/i18n";
import { Tag, type TagTone } from "@/ui/Tag";
import { LOG_LEVELS } from "./queries";

const TONES: Readonly<Record<string, TagTone>> = { error: "danger", warn: "caution" };

/** How much a line matters, said and coloured. */
export function LevelTag({ level }: { readonly level: string }) {
  return <Tag tone={TONES[level] ?? "plain"}>{tDynamic(`logs.level.${level}`, level)}</Tag>;
}

/** The levels to choose from: each leaves out what matters less. */
export function levelChoices() {
  return LOG_LEVELS.map((value) => ({ value, label: t(`logs.level.${value}`) }));
}
