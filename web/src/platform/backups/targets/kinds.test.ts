import { describe, expect, it } from "vitest";
import { missing, settingsOf, valuesOf } from "./kinds";

const EMPTY = valuesOf();

describe("what is sent of a target", () => {
  it("is what belongs to its kind and is filled in", () => {
    const values = { ...EMPTY, path: " /backups ", host: "nas", port: "2222", bucket: "other" };
    expect(settingsOf("sftp", values, EMPTY)).toEqual({
      path: "/backups",
      host: "nas",
      port: 2222,
    });
  });

  it("leaves secrets that were not typed as they are, and empties what was emptied", () => {
    const before = { ...EMPTY, endpoint: "https://a", prefix: "old" };
    const sent = settingsOf("s3", { ...before, prefix: "" }, before);
    expect(sent).toEqual({ endpoint: "https://a", prefix: "" });
  });

  it("lacks what has to be there, but no secret that the box keeps", () => {
    const values = { ...EMPTY, url: "https://cloud.example", user: "box" };
    expect(missing("webdav", values, false)).toEqual(["password"]);
    expect(missing("webdav", values, true)).toEqual([]);
  });
});
