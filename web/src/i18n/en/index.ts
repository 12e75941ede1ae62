import { account } from "./account";
import type { audit } from "./audit";
import type { backups } from "./backups";
import type { comments } from "./comments";
import type { choosing } from "./choosing";
import type { counts } from "./counts";
import type { delivery } from "./delivery";
import type { doctor } from "./doctor";
import { factors } from "./factors";
import type { filters } from "./filters";
import type { importing } from "./importing";
import { inventory } from "./inventory";
import type { merging } from "./merging";
import type { moving } from "./moving";
import { notices } from "./notices";
import type { orders } from "./orders";
import { people } from "./people";
import { platform } from "./platform";
import { privacy } from "./privacy";
import { registration } from "./registration";
import type { reports } from "./reports";
import type { review } from "./review";
import { security } from "./security";
import type { services } from "./services";
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
  ...factors,
  ...notices,
  ...people,
  ...privacy,
  ...inventory,
  ...security,
  ...registration,
  ...users,
  ...work,
} as const;
/** Every text of the product; those of screens that few open come with them. */
export type Messages = typeof en &
  typeof audit &
  typeof backups &
  typeof comments &
  typeof choosing &
  typeof counts &
  typeof delivery &
  typeof doctor &
  typeof filters &
  typeof importing &
  typeof merging &
  typeof moving &
  typeof orders &
  typeof reports &
  typeof review &
  typeof services &
  typeof updates;
