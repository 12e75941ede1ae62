import { describe, expect, it } from "vitest";
import { FILE_BYTES_MAX, isPicture, portraitOf, unfit } from "./rules";

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

describe("the picture that an item is known by", () => {
  const photo = { media_type: "image/jpeg", is_shown: true, size_bytes: 4_000_000 };
  const note = { media_type: "application/pdf", is_shown: true, size_bytes: 9 };
  const small = { ...photo, has_thumbnail: true };
  const large = { ...photo, has_thumbnail: false };
  const light = { ...large, size_bytes: 900 };

  it("is the first one that loads quickly", () => {
    expect(portraitOf([{ ...note, has_thumbnail: false }, large, small, light])).toBe(small);
    expect(portraitOf([light, small])).toBe(light);
    expect(portraitOf([large])).toBeUndefined();
    expect(portraitOf([])).toBeUndefined();
  });
});
