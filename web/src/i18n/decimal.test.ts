import { describe, expect, it } from "vitest";
import {
  absolute,
  add,
  compare,
  groupDigits,
  negate,
  ratio,
  readTyped,
  signOf,
  trimZeros,
} from "./decimal";

const POINT = { group: ",", point: "." };
const SPACE = { group: "\u202f", point: "," };

describe("decimals", () => {
  it("groups thousands and drops needless zeros", () => {
    expect(groupDigits("1234567.500", POINT)).toBe("1,234,567.5");
    expect(groupDigits("12.000", POINT)).toBe("12");
    expect(groupDigits("0.001", POINT)).toBe("0.001");
    expect(groupDigits("1234.5", SPACE)).toBe("1\u202f234,5");
  });

  it("keeps every digit of numbers a float cannot hold", () => {
    expect(groupDigits("99999999999999.9999", POINT)).toBe("99,999,999,999,999.9999");
    expect(add("90071992547409.930", "0.003")).toBe("90071992547409.933");
  });

  it("writes a real minus and no minus zero", () => {
    expect(groupDigits("-4.200", POINT)).toBe("\u22124.2");
    expect(groupDigits("-0.000", POINT)).toBe("0");
    expect(groupDigits("4.2", POINT, 0, true)).toBe("+4.2");
    expect(groupDigits("0", POINT, 0, true)).toBe("0");
  });

  it("pads money but never rounds it", () => {
    expect(groupDigits("3", POINT, 2)).toBe("3.00");
    expect(groupDigits("3.2550", POINT, 2)).toBe("3.255");
  });

  it("shows what is no number as it is", () => {
    expect(groupDigits("n/a", POINT)).toBe("n/a");
  });

  it("reads what a person types", () => {
    expect(readTyped(" 1 250.5 ", POINT)).toBe("1250.5");
    expect(readTyped("12,5", SPACE)).toBe("12.5");
    expect(readTyped("\u22123", POINT)).toBe("-3");
    expect(readTyped("+3", POINT)).toBe("3");
  });

  it("refuses what is doubtful", () => {
    for (const text of [
      "",
      "1,5",
      "1e3",
      "1.2.3",
      "NaN",
      "Infinity",
      "--1",
      ".5",
      "5.",
      "١٢",
      "0x10",
    ]) {
      expect(readTyped(text, POINT)).toBeNull();
    }
  });

  it("adds, compares and turns signs exactly", () => {
    expect(add("0.1", "0.2")).toBe("0.300");
    expect(add("-1.5", "1.5")).toBe("0.000");
    expect(compare("10", "9.999")).toBe(1);
    expect(compare("-1", "1")).toBe(-1);
    expect(negate("-2.5")).toBe("2.5");
    expect(negate("2.5")).toBe("-2.5");
    expect(negate("0.000")).toBe("0.000");
    expect(absolute("-7")).toBe("7");
    expect(signOf("-0.0")).toBe(0);
    expect(trimZeros("-12.500")).toBe("-12.5");
  });

  it("keeps shares between nothing and all", () => {
    expect(ratio("5", "10")).toBe(0.5);
    expect(ratio("20", "10")).toBe(1);
    expect(ratio("-1", "10")).toBe(0);
    expect(ratio("1", "0")).toBe(0);
  });
});
