import { expect, it } from "vitest";
import { readExported, readMoved } from "./moved";

it("reads what was found in an archive, and tells a look from an import", () => {
  const found = {
    name: "Harbour Kitchen",
    box_name: "Pier 7",
    box_id: "1",
    fingerprint: "ab12 cd34",
    taken_at: "2026-11-21T06:00:00Z",
    rows: 7,
    audit_entries: 3,
    people: 2,
  };

  expect(readMoved(found)).toMatchObject({ name: "Harbour Kitchen", rows: 7, workspace: null });
  expect(readMoved({ ...found, workspace_id: "w" })?.workspace).toBe("w");
  expect(readMoved({ name: "without a moment" })).toBeNull();
  expect(readMoved(null)).toBeNull();
});

it("reads where a finished export can be fetched", () => {
  const result = { file: "/f", size_bytes: 5, fingerprint: "ab12", kept_until: "2026-11-22" };

  expect(readExported(result)).toEqual({
    file: "/f",
    sizeBytes: 5,
    fingerprint: "ab12",
    keptUntil: "2026-11-22",
  });
  expect(readExported({ size_bytes: 5 })).toBeNull();
});
