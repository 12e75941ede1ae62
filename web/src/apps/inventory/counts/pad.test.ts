import { describe, expect, it } from "vitest";
import type { CountLine } from "@/api/types";
import { found, isLeft, nextLine, placesOf, pressed, withCounted, withLine } from "./pad";

function line(id: string, place: string, state: string): CountLine {
  return {
    id,
    state,
    item_number: `N-${id}`,
    item_name: `Thing ${id}`,
    location_id: place,
    location_code: place,
    location_name: `Place ${place}`,
  } as CountLine;
}

const LINES = [
  line("1", "A", "uncounted"),
  line("2", "A", "variance"),
  line("3", "A", "recount"),
  line("4", "B", "ok"),
];

describe("the number pad", () => {
  it("writes a decimal as somebody presses it", () => {
    const typed = ["0", "7", ",", "5", ",", "0"].reduce((old, key) => pressed(old, key, ","), "");
    expect(typed).toBe("7,50");
    expect(pressed(typed, "back", ",")).toBe("7,5");
    expect(pressed("", ",", ",")).toBe("0,");
  });

  it("takes no more digits than a quantity has", () => {
    expect(pressed("123456789012345", "6", ".")).toBe("123456789012345");
  });
});

describe("a place that is counted", () => {
  it("says how much is left and done", () => {
    expect(placesOf(LINES).map(({ id, left, done }) => [id, left, done])).toEqual([
      ["A", 2, 1],
      ["B", 0, 1],
    ]);
  });

  it("leads from what is left to what is left, and around", () => {
    const here = LINES.slice(0, 3);
    expect(nextLine(here, null)?.id).toBe("1");
    expect(nextLine(here, "1")?.id).toBe("3");
    expect(nextLine(here, "3")?.id).toBe("1");
    expect(nextLine([line("1", "A", "uncounted")], "1")).toBeNull();
  });

  it("takes one line as it is now, and a new one last", () => {
    const now = withLine(LINES, line("2", "A", "ok"));
    expect(now.map((one) => one.state)).toEqual(["uncounted", "ok", "recount", "ok"]);
    expect(withLine(LINES, line("9", "A", "variance")).at(-1)?.id).toBe("9");
  });

  it("does not wait for the box to know that something was counted", () => {
    const thing = (place: string) => ({ ...line("1", place, "uncounted"), item_id: "peas" });
    const now = withCounted([thing("A"), thing("B")], { item_id: "peas", location_id: "A" });
    expect(now.map(isLeft)).toEqual([false, true]);
    const seen = [{ ...thing("A"), state: "variance" }];
    expect(withCounted(seen, { item_id: "peas", location_id: "A" })).toEqual(seen);
  });

  it("finds by number before it finds by name", () => {
    expect(found(LINES, "n-2").map((one) => one.id)).toEqual(["2"]);
    expect(found(LINES, "thing")).toHaveLength(4);
    expect(found(LINES, "zzz")).toHaveLength(0);
  });
});
