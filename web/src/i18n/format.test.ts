import { describe, expect, it } from "vitest";
import { Formatter } from "./format";

const london = new Formatter({ locale: "en-GB", timeZone: "Europe/London", currency: "GBP" });
const berlin = new Formatter({ locale: "de-DE", timeZone: "Europe/Berlin", currency: "EUR" });
const NOON = Date.parse("2026-03-31T12:00:00Z");

describe("formatter", () => {
  it("writes amounts as the place does", () => {
    expect(london.qty("1250.500")).toBe("1,250.5");
    expect(berlin.qty("1250.500")).toBe("1.250,5");
  });

  it("writes money with its sign before the currency", () => {
    expect(london.money("1250.5000")).toBe("£1,250.50");
    expect(london.money("-3.2550")).toBe("\u2212£3.255");
    expect(berlin.money("1250.5000")).toBe("1.250,50\u00a0€");
  });

  it("does not round what a float would", () => {
    expect(london.money("99999999999999.9999")).toBe("£99,999,999,999,999.9999");
  });

  it("is relative within a day and exact after", () => {
    expect(london.when("2026-03-31T11:59:40Z", NOON)).toBe("just now");
    expect(london.when("2026-03-31T11:59:00Z", NOON)).toBe("1 minute ago");
    expect(london.when("2026-03-31T09:00:00Z", NOON)).toBe("3 hours ago");
    expect(london.when("2026-03-30T09:00:00Z", NOON)).toBe("30 Mar 2026, 10:00");
  });

  it("writes times in the zone of the place", () => {
    expect(berlin.time("2026-03-31T12:00:00Z")).toBe("14:00");
  });

  it("writes the times in a sentence of the box as well", () => {
    const said = "Found at 2026-03-31T11:59:40.477Z, again at 2026-07-01T00:00:00Z; part 2026-03.";
    expect(london.inText(said)).toBe(
      "Found at 31 Mar 2026, 12:59, again at 1 Jul 2026, 01:00; part 2026-03.",
    );
  });

  it("writes sizes a person can compare", () => {
    expect(london.bytes(512)).toBe("512 B");
    expect(london.bytes(1536)).toBe("1.5 KiB");
    expect(london.bytes(3 * 1024 ** 3)).toBe("3 GiB");
  });

  it("survives a zone, a currency and a locale it does not know", () => {
    const odd = new Formatter({
      locale: "xx-invalid-locale-name",
      timeZone: "Moon/Base",
      currency: "??",
    });
    expect(odd.money("1.5")).toContain("1.5");
    expect(odd.when("not a time")).toBe("not a time");
  });
});
