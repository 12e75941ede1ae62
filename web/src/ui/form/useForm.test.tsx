import { act, renderHook } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { belongsTo, errorOf, useForm } from "./useForm";

const refusal = (
  status: number,
  fields: { field: string; code: string; detail: string }[] = [],
) => ({
  code: status ? "invalid-fields" : "network",
  status,
  detail: "No.",
  requestId: null,
  fields,
  retryAfterSeconds: null,
});

function start(send: (values: { name: string }, key: string) => Promise<void>) {
  let next = 0;
  return renderHook(() =>
    useForm({
      initial: { name: "" },
      send,
      newKey: () => `key-${++next}`,
      validate: (values) => ({ name: values.name ? null : "Needed" }),
    }),
  );
}

describe("a form", () => {
  it("does not send what it knows to be wrong", async () => {
    const send = vi.fn();
    const { result } = start(send);
    await act(() => result.current.submit());
    expect(send).not.toHaveBeenCalled();
    expect(result.current.errors).toEqual({ name: "Needed" });
  });

  it("cannot fire twice", async () => {
    let finish: () => void = () => undefined;
    const send = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
    const { result } = start(send);
    act(() => result.current.set("name", "Salmon"));
    await act(async () => {
      void result.current.submit();
      void result.current.submit();
      finish();
    });
    expect(send).toHaveBeenCalledTimes(1);
  });

  it("is clean once it was emptied for the next one", async () => {
    const { result } = start(async () => result.current.reset({ name: "" }));
    act(() => result.current.set("name", "Salmon"));
    expect(result.current.isDirty).toBe(true);
    await act(() => result.current.submit());
    expect(result.current.isDirty).toBe(false);
  });

  it("keeps its key until an answer says whether the box got it", async () => {
    const keys: string[] = [];
    const answers = [refusal(0), refusal(422), null, null];
    const { result } = start(async (_values, key) => {
      keys.push(key);
      const answer = answers.shift();
      if (answer) throw answer;
    });
    act(() => result.current.set("name", "Salmon"));
    for (let round = 0; round < 4; round += 1) await act(() => result.current.submit());
    expect(keys).toEqual(["key-1", "key-1", "key-2", "key-3"]);
  });

  it("shows the box's words at the field and forgets them when it is typed in", async () => {
    const { result } = start(async () => {
      throw refusal(422, [{ field: "name", code: "taken", detail: "Taken." }]);
    });
    act(() => result.current.set("name", "Salmon"));
    await act(() => result.current.submit());
    expect(result.current.errors).toEqual({ name: "Taken." });
    act(() => result.current.set("name", "Trout"));
    expect(result.current.errors).toEqual({});
    expect(result.current.isDirty).toBe(true);
  });

  it("finds fields inside fields", () => {
    expect(belongsTo("barcodes[2].code", "barcodes[2]")).toBe(true);
    expect(belongsTo("barcodes[2]", "barcodes")).toBe(true);
    expect(belongsTo("name_long", "name")).toBe(false);
    expect(errorOf({ "barcodes[1]": "Taken." }, "barcodes[1]")).toBe("Taken.");
  });
});
