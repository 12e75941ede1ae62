import {
  IconAlertTriangle,
  IconArchiveOff,
  IconCircleCheck,
  IconCircleX,
  IconLoader,
  IconShieldCheck,
} from "@tabler/icons-react";
import { Tag } from "@/ui/Tag";
import type { Level } from "./rules";
import { LEVEL_TONES, levelName } from "./words";

const ICONS = {
  failed: IconCircleX,
  gone: IconArchiveOff,
  running: IconLoader,
  uploaded: IconAlertTriangle,
  verified: IconCircleCheck,
  drilled: IconShieldCheck,
};

/** How far one can rely on a backup: a shape, a word and a colour. */
export function LevelTag({ level }: { readonly level: Level }) {
  const Symbol = ICONS[level];
  return (
    <Tag tone={LEVEL_TONES[level]} icon={<Symbol size={13} aria-hidden />}>
      {levelName(level)}
    </Tag>
  );
}
