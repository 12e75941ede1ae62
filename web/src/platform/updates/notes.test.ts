import { describe, expect, it } from "vitest";
import { blocksOf } from "./notes";

const text = (value: string) => ({ kind: "text" as const, text: value });

describe("release notes", () => {
  it("become headings, paragraphs and lists", () => {
    const blocks = blocksOf(
      "# New\n\nOne line\nand another.\n\n- first\n- second\n  goes on\n\n1. a",
    );
    expect(blocks).toEqual([
      { kind: "heading", runs: [text("New")] },
      { kind: "paragraph", runs: [text("One line and another.")] },
      {
        kind: "list",
        isOrdered: false,
        items: [[text("first")], [text("second"), text(" "), text("goes on")]],
      },
      { kind: "list", isOrdered: true, items: [[text("a")]] },
    ]);
  });

  it("keep code and emphasis apart from text", () => {
    expect(blocksOf("Run `a*b*` **now**, *please*")).toEqual([
      {
        kind: "paragraph",
        runs: [
          text("Run "),
          { kind: "code", text: "a*b*" },
          text(" "),
          { kind: "strong", text: "now" },
          text(", "),
          { kind: "emphasis", text: "please" },
        ],
      },
    ]);
    expect(blocksOf("```\n# no heading\n- no item\n```")).toEqual([
      { kind: "code", text: "# no heading\n- no item" },
    ]);
  });

  it("leave markup and addresses the text they are", () => {
    const evil = '<img src=x onerror="x()"> [here](javascript:x)';
    expect(blocksOf(evil)).toEqual([{ kind: "paragraph", runs: [text(evil)] }]);
  });

  it("end with an open block of code", () => {
    expect(blocksOf("```\nleft open")).toEqual([{ kind: "code", text: "left open" }]);
    expect(blocksOf("")).toEqual([]);
  });
});
