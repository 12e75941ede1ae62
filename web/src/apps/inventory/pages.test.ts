import { describe, expect, it } from "vitest";
import { readPages } from "./pages";

/** A list of so many numbers, and what it was asked for. */
function listOf(count: number) {
  const asked: (string | undefined)[] = [];
  const read = async ({ limit, cursor }: { limit: number; cursor?: string }) => {
    asked.push(cursor);
    const from = Number(cursor ?? 0);
    const to = Math.min(count, from + limit);
    const items = Array.from({ length: to - from }, (_, at) => from + at);
    return { items, next_cursor: to < count ? String(to) : null };
  };
  return { read, asked };
}

describe("a list that somebody needs all of", () => {
  it("is read to its oldest row", async () => {
    const { read, asked } = listOf(450);
    const { rows, isMore } = await readPages(5, read);
    expect([rows.length, rows.at(-1), isMore]).toEqual([450, 449, false]);
    expect(asked).toEqual([undefined, "200", "400"]);
  });

  it("takes one request where it is short", async () => {
    const { read, asked } = listOf(200);
    expect(await readPages(5, read)).toMatchObject({ isMore: false });
    expect(asked).toHaveLength(1);
  });

  it("says where it was not read to its end", async () => {
    const { read, asked } = listOf(1_001);
    const { rows, isMore } = await readPages(5, read);
    expect([rows.length, isMore, asked.length]).toEqual([1_000, true, 5]);
  });
});
