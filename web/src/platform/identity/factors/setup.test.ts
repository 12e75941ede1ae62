import { expect, it } from "vitest";
import { grouped } from "./TotpSetup";

it("shows the secret in fours, however it came", () => {
  expect(grouped("JBSWY3DPEHPK3PXPAB")).toBe("JBSW Y3DP EHPK 3PXP AB");
  expect(grouped("JBSW Y3DP")).toBe("JBSW Y3DP");
  expect(grouped("")).toBe("");
});
