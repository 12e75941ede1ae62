import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, it, vi } from "vitest";
import { totpQuery } from "./queries";
import { grouped } from "./TotpSetup";

it("shows the secret in fours, however it came", () => {
  expect(grouped("JBSWY3DPEHPK3PXPAB")).toBe("JBSW Y3DP EHPK 3PXP AB");
  expect(grouped("JBSW Y3DP")).toBe("JBSW Y3DP");
  expect(grouped("")).toBe("");
});

it("keeps the secret that the phone has read when all else is read again", async () => {
  const client = new QueryClient();
  const queryFn = vi.fn(async () => ({ secret: "JBSW", uri: "otpauth://totp/box", qr_svg: "" }));
  const stop = new QueryObserver(client, { ...totpQuery, queryFn }).subscribe(() => undefined);
  await vi.waitFor(() => expect(client.getQueryData(totpQuery.queryKey)).toBeDefined());

  await client.invalidateQueries();

  expect(queryFn).toHaveBeenCalledTimes(1);
  stop();
});
