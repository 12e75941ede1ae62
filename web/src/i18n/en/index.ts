import { account } from "./account";
import { inventory } from "./inventory";
import { platform } from "./platform";
import { shell } from "./shell";
import { ui } from "./ui";
import { work } from "./work";

/** Every text of the product, in the language the others are made from. */
export const en = { ...ui, ...shell, ...platform, ...account, ...inventory, ...work } as const;
export type Messages = typeof en;
