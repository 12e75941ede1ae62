import type { ComponentType } from "react";
import { loadTexts } from "@/i18n";

/** A dialog that comes with its texts, and those of the kits and jobs in it. */
export function withTexts<P>(load: () => Promise<ComponentType<P>>) {
  return async (): Promise<{ default: ComponentType<P> }> => {
    const [component] = await Promise.all([load(), loadTexts("moving"), loadTexts("backups")]);
    return { default: component };
  };
}
