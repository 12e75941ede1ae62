import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { describe, expect, it, vi } from "vitest";
import { costlyKey, markCostly, readAllAgain } from "./costly";

/** Two answers that somebody looks at, one of them costly. */
async function looking() {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
  const costly = vi.fn(async () => "costly");
  const cheap = vi.fn(async () => "cheap");
  const report = new QueryObserver(client, {
    queryKey: costlyKey("stock", "w1", "worth"),
    queryFn: costly,
  });
  const list = new QueryObserver(client, { queryKey: ["stock", "w1", "list"], queryFn: cheap });
  report.subscribe(() => undefined);
  list.subscribe(() => undefined);
  await vi.waitFor(() => expect(list.getCurrentResult().isSuccess).toBe(true));
  await vi.waitFor(() => expect(report.getCurrentResult().isSuccess).toBe(true));
  return { client, report, costly, cheap };
}

describe("a costly answer", () => {
  it("is marked by what happens, and not read again", async () => {
    const { client, report, costly } = await looking();
    expect(report.getCurrentResult().isStale).toBe(false);
    markCostly(client, "orders", "w1");
    expect(report.getCurrentResult().isStale).toBe(false);
    markCostly(client, "stock", "w1");
    expect(report.getCurrentResult().isStale).toBe(true);
    expect(costly).toHaveBeenCalledOnce();
  });

  it("is only marked where events were missed and all else is read again", async () => {
    const { client, report, costly, cheap } = await looking();
    readAllAgain(client);
    await vi.waitFor(() => expect(cheap).toHaveBeenCalledTimes(2));
    expect(report.getCurrentResult().isStale).toBe(true);
    expect(costly).toHaveBeenCalledOnce();
  });
});
