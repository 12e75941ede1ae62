import { afterEach, describe, expect, it } from "vitest";
import { en } from "./en";
import { loadLanguage, t, tDynamic } from "./catalogue";
import { pseudo } from "./pseudo";

afterEach(() => loadLanguage("en"));

describe("texts", () => {
  it("fill their places and choose the plural", () => {
    expect(t("time.minutes", { count: 1 })).toBe("1 minute ago");
    expect(t("time.minutes", { count: 1200 })).toBe("1,200 minutes ago");
    expect(t("items.saved", { name: "{name}" })).toBe("Saved {name}");
  });

  it("fall back for codes that have none", () => {
    expect(tDynamic("system.check.disk", "disk")).toBe("Disk");
    expect(tDynamic("system.check.unheard-of", "unheard-of")).toBe("unheard-of");
  });

  it("keep their placeholders in the test language", () => {
    const turned = pseudo(en);
    for (const [key, message] of Object.entries(en)) {
      const places = (text: unknown) =>
        JSON.stringify(text)
          .match(/\{\w+\}/g)
          ?.sort() ?? [];
      expect(places(turned[key as keyof typeof en]), key).toEqual(places(message));
    }
  });

  it("are all turned by the test language", async () => {
    await loadLanguage("en-XA");
    expect(t("items.title")).toMatch(/^\[.*\]$/);
    expect(t("items.title")).not.toContain("Items");
  });
});
