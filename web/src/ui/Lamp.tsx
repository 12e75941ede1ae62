import { IconAlertTriangle, IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import classes from "./Lamp.module.css";

export type LampState = "good" | "caution" | "danger";
const ICONS = { good: IconCircleCheck, caution: IconAlertTriangle, danger: IconCircleX };

/** Green, amber or red, with a shape and a word of its own. */
export function Lamp({ state, label }: { readonly state: LampState; readonly label: string }) {
  const Icon = ICONS[state];
  return (
    <span className={classes.lamp} data-state={state}>
      <Icon size={16} aria-hidden />
      {label}
    </span>
  );
}
