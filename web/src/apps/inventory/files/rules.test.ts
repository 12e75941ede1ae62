import { describe, expect, it } from "vitest";
import { FILE_BYTES_MAX, isPicture, unfit } from "./rules";

describe("a file that is to be sent", () => {
  it("holds something, and no more than the box takes", () => {
    expect(unfit({ size: 0 })).toBe("empty");
    expect(unfit({ size: 1 })).toBeNull();
    expect(unfit({ size: FILE_BYTES_MAX })).toBeNull();
    expect(unfit({ size: FILE_BYTES_MAX + 1 })).toBe("large");
  });
});

describe("a file of an item", () => {
  it("is shown small when the box says that it is a picture", () => {
    expect(isPicture({ media_type: "image/png", is_shown: true })).toBe(true);
    expect(isPicture({ media_type: "application/pdf", is_shown: true })).toBe(false);
    expect(isPicture({ media_type: "image/svg+xml", is_shown: false })).toBe(false);
  });
});
