import { IconBox, IconSnowflake, IconTemperatureMinus } from "@tabler/icons-react";
import type { TempZone } from "@/api/types";
import { t } from "@/i18n";
import { Tag } from "@/ui/Tag";

const ICONS = { dry: IconBox, cooler: IconTemperatureMinus, freezer: IconSnowflake };
export const ZONES: readonly TempZone[] = ["dry", "cooler", "freezer"];

/** The word for a zone, for lines without room for a tag. */
export function zoneName(name: string): string {
  const zone = asZone(name);
  return zone ? t(`zone.${zone}`) : name;
}

/** A temperature zone: icon, word and tint. */
export function Zone({ zone: name }: { readonly zone: string }) {
  const zone = asZone(name);
  if (!zone) return <Tag>{name}</Tag>;
  const Icon = ICONS[zone];
  return (
    <Tag tone={zone} icon={<Icon size={13} aria-hidden />}>
      {t(`zone.${zone}`)}
    </Tag>
  );
}

export function zoneChoices(): { value: string; label: string }[] {
  return ZONES.map((zone) => ({ value: zone, label: t(`zone.${zone}`) }));
}

export function asZone(value: string | null): TempZone | null {
  return ZONES.find((zone) => zone === value) ?? null;
}
