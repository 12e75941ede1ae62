import { afterEach, describe, expect, it } from "vitest";
import { en } from "./en";
import { backups } from "./en/backups";
import { moving } from "./en/moving";
import { review } from "./en/review";
import { updates } from "./en/updates";
import { loadLanguage, loadTexts, t, tDynamic } from "./catalogue";
import { pseudo } from "./pseudo";

afterEach(() => loadLanguage("en"));

describe("texts", () => {
  it("fill their places and choose the plural", () => {
    expect(t("time.minutes", { count: 1 })).toBe("1 minute ago");
    expect(t("time.minutes", { count: 1200 })).toBe("1,200 minutes ago");
    expect(t("roles.members", { count: 1 })).toBe("1 person");
    expect(t("roles.members", { count: 2 })).toBe("2 people");
    expect(t("items.saved", { name: "{name}" })).toBe("Saved {name}");
  });

  it("fall back for codes that have none", () => {
    expect(tDynamic("system.check.disk", "disk")).toBe("Disk");
    expect(tDynamic("system.check.unheard-of", "unheard-of")).toBe("unheard-of");
  });

  it("keep their placeholders in the test language", () => {
    const all = { ...en, ...backups, ...moving, ...review, ...updates };
    const turned = pseudo(all);
    for (const [key, message] of Object.entries(all)) {
      const places = (text: unknown) =>
        JSON.stringify(text)
          .match(/\{\w+\}/g)
          ?.sort() ?? [];
      expect(places(turned[key as keyof typeof all]), key).toEqual(places(message));
    }
  });

  it("are all turned by the test language", async () => {
    await loadLanguage("en-XA");
    expect(t("items.title")).toMatch(/^\[.*\]$/);
    expect(t("items.title")).not.toContain("Items");
  });

  it("of a screen come with it, in the language that is spoken", async () => {
    expect(t("backups.runNow")).toBe("backups.runNow");
    await Promise.all([loadTexts("moving"), loadTexts("backups")]);
    expect(t("moving.choose")).toBe("Choose the exported file");
    expect(t("backups.runNow")).toBe("Back up now");
    await loadLanguage("en-XA");
    expect(t("backups.runNow")).toMatch(/^\[.*\]$/);
    await loadLanguage("en");
    expect(t("backups.runNow")).toBe("Back up now");
  });
});
