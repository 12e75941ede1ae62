import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconInfoCircle,
} from "@tabler/icons-react";
import classes from "./Lamp.module.css";

export type LampState = "good" | "caution" | "danger" | "info";
const ICONS = {
  good: IconCircleCheck,
  caution: IconAlertTriangle,
  danger: IconCircleX,
  info: IconInfoCircle,
};

/** Green, amber, red or, where nothing is good or bad, blue, with a shape and a word of its own. */
export function Lamp({ state, label }: { readonly state: LampState; readonly label: string }) {
  const Icon = ICONS[state];
  return (
    <span className={classes.lamp} data-state={state}>
      <Icon size={16} aria-hidden />
      {label}
    </span>
  );
}
