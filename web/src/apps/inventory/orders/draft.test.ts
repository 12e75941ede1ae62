import { describe, expect, it } from "vitest";
import {
  bodyOf,
  emptyLine,
  lineInWords,
  totalOf,
  valueOf,
  withKeysOf,
  type LineValue,
} from "./draft";

const separators = { group: ",", point: "." };
const item = { id: "7", name: "Salmon", number: "S", unit: "kg" };
const line = (qty: string, price: string): LineValue => ({
  ...emptyLine(qty),
  item,
  qty,
  price,
});

describe("a draft", () => {
  it("reckons a line as the box does, rounded once", () => {
    expect(valueOf("0.333", "12.0499")).toBe("4.0126");
    expect(valueOf("2.25", "7.7777")).toBe("17.4998");
    expect(valueOf("3.125", "1.2345")).toBe("3.8578");
    expect(valueOf("0.5", "0.0001")).toBe("0.0001");
    expect(valueOf("12", "0")).toBe("0.0000");
  });

  it("adds lines up, and says nothing where a price is missing", () => {
    expect(totalOf([line("0.333", "12.0499"), line("12", "0")], separators)).toBe("4.0126");
    expect(totalOf([line("1", "2"), line("1", "")], separators)).toBeNull();
    expect(totalOf([line("1", "2"), emptyLine("x")], separators)).toBe("2.0000");
  });

  it("leaves empty lines and prices out of what is sent", () => {
    const values = { po_number: " ", supplier_id: null, expected_on: "", notes: "" };
    const body = bodyOf({ ...values, lines: [line("1", ""), emptyLine("x")] }, separators);
    expect(body).toEqual({
      supplier_id: null,
      expected_on: null,
      notes: "",
      lines: [{ item_id: "7", req_qty: "1", note: "" }],
    });
  });

  it("knows a line again that was saved under another id", () => {
    const values = { po_number: "A", supplier_id: null, expected_on: "", notes: "" };
    const cod = { ...item, id: "8", name: "Cod" };
    const base = { ...values, lines: [line("1", "2"), { ...line("3", "4"), item: cod }] };
    const again = (one: LineValue, key: string) => ({ ...one, key });
    const [first, second] = base.lines as [LineValue, LineValue];
    const theirs = { ...values, lines: [again(second, "x"), again(first, "y"), again(first, "z")] };

    const known = withKeysOf(base, theirs).lines.map((one) => one.key);

    expect(known).toEqual([second.key, first.key, "z"]);
  });

  it("says a line in words", () => {
    expect(lineInWords({ ...line("20", "18.4"), note: "whole" })).toBe(
      "20 kg Salmon × 18.4, whole",
    );
    expect(lineInWords(line("20", ""))).toBe("20 kg Salmon");
  });
});
