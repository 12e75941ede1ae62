import { account } from "./account";
import { audit } from "./audit";
import type { backups } from "./backups";
import type { delivery } from "./delivery";
import type { doctor } from "./doctor";
import { factors } from "./factors";
import { inventory } from "./inventory";
import type { moving } from "./moving";
import { notices } from "./notices";
import type { orders } from "./orders";
import { people } from "./people";
import { platform } from "./platform";
import { privacy } from "./privacy";
import { registration } from "./registration";
import type { review } from "./review";
import { security } from "./security";
import { services } from "./services";
import { shell } from "./shell";
import { ui } from "./ui";
import type { updates } from "./updates";
import { users } from "./users";
import { work } from "./work";

/** What every screen may say, in the language the others are made from. */
export const en = {
  ...ui,
  ...shell,
  ...platform,
  ...account,
  ...audit,
  ...factors,
  ...notices,
  ...people,
  ...privacy,
  ...inventory,
  ...security,
  ...registration,
  ...services,
  ...users,
  ...work,
} as const;
/** Every text of the product; those of screens that few open come with them. */
export type Messages = typeof en &
  typeof backups &
  typeof delivery &
  typeof doctor &
  typeof moving &
  typeof orders &
  typeof review &
  typeof updates;
