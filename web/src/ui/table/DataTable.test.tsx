import { MantineProvider } from "@mantine/core";
import { cleanup, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DataTable } from "./DataTable";
import { gridAction } from "./gridKeys";
import { changedKeys } from "./usePulse";

interface Row {
  readonly id: string;
  readonly name: string;
}

const many = (count: number): Row[] =>
  Array.from({ length: count }, (_, index) => ({ id: `r${index}`, name: `Row ${index}` }));
const onOpen = vi.fn();
const onSelect = vi.fn();

function show(props: Partial<Parameters<typeof DataTable<Row>>[0]> = {}) {
  return render(
    <MantineProvider>
      <DataTable<Row>
        label="Things"
        columns={[
          { id: "name", header: "Name", width: "1fr", sortBy: "name", cell: (row) => row.name },
        ]}
        rows={many(10_000)}
        rowKey={(row) => row.id}
        rowVersion={(row) => row.name}
        scope="all"
        phoneRow={(row) => row.name}
        isLoading={false}
        error={null}
        isForbidden={false}
        empty={<p>Things belong here</p>}
        onOpen={onOpen}
        onSelect={onSelect}
        {...props}
      />
    </MantineProvider>,
  );
}

beforeEach(() => {
  vi.clearAllMocks();
  // jsdom lays nothing out; the list needs a height to know which rows are in sight.
  Object.defineProperty(HTMLElement.prototype, "clientHeight", {
    configurable: true,
    get: () => 600,
  });
  Object.defineProperty(HTMLElement.prototype, "clientWidth", {
    configurable: true,
    get: () => 800,
  });
});
afterEach(cleanup);

describe("the list", () => {
  it("says beside the rows it still has that it could not be read again", async () => {
    const onRetry = vi.fn();
    show({ error: new Error("away"), onRetry });
    expect(screen.getAllByRole("row").length).toBeGreaterThan(5);
    expect(screen.getByRole("alert").textContent).toContain("away");
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(onRetry).toHaveBeenCalledOnce();
  });

  it("asks for more rows by itself, and not again once that was refused", () => {
    const onMore = vi.fn();
    const shown = show({ rows: many(3), hasMore: true, onMore });
    expect(onMore).toHaveBeenCalled();
    shown.unmount();
    onMore.mockClear();
    show({ rows: many(3), hasMore: true, onMore, error: new Error("away") });
    expect(onMore).not.toHaveBeenCalled();
  });

  it("holds few rows of many", () => {
    show();
    const shown = screen.getAllByRole("row").length;
    expect(shown).toBeGreaterThan(5);
    expect(shown).toBeLessThan(60);
  });

  it("is walked with arrows, opened with Enter and looked at with Space", async () => {
    const user = userEvent.setup();
    show();
    screen.getByRole("grid").focus();
    await user.keyboard("{ArrowDown}{ArrowDown}{Enter}");
    expect(onOpen).toHaveBeenCalledWith({ id: "r2", name: "Row 2" });
    await user.keyboard("{ArrowUp} ");
    expect(onSelect).toHaveBeenLastCalledWith({ id: "r1", name: "Row 1" });
  });

  it("names the active row for screen readers", async () => {
    const user = userEvent.setup();
    show();
    const grid = screen.getByRole("grid");
    grid.focus();
    await user.keyboard("{ArrowDown}");
    const id = grid.getAttribute("aria-activedescendant");
    expect(id && document.getElementById(id)?.textContent).toBe("Row 1");
  });

  it("looks at the first click and opens at the second", async () => {
    const user = userEvent.setup();
    const { rerender } = show();
    await user.click(screen.getByText("Row 3"));
    expect(onSelect).toHaveBeenCalledWith({ id: "r3", name: "Row 3" });
    expect(onOpen).not.toHaveBeenCalled();
    rerender(<></>);
    show({ selected: "r3" });
    await user.click(screen.getByText("Row 3"));
    expect(onOpen).toHaveBeenCalledWith({ id: "r3", name: "Row 3" });
  });

  it("asks for the next page near the end only", async () => {
    const onMore = vi.fn();
    const first = show({ rows: many(500), hasMore: true, onMore });
    expect(onMore).not.toHaveBeenCalled();
    first.unmount();
    show({ rows: many(20), hasMore: true, onMore });
    await waitFor(() => expect(onMore).toHaveBeenCalled());
  });

  it("turns the order with a second click on a head", async () => {
    const user = userEvent.setup();
    const onSort = vi.fn();
    show({ sort: "name", onSort });
    await user.click(screen.getByRole("button", { name: /Name/ }));
    expect(onSort).toHaveBeenCalledWith("-name");
  });

  it("says what it shows when it has no rows", () => {
    show({ rows: [] }).unmount();
    show({ rows: [], isLoading: true });
    expect(screen.getByRole("grid").getAttribute("aria-busy")).toBe("true");
    cleanup();
    show({ rows: [] });
    expect(screen.getByText("Things belong here")).toBeTruthy();
    cleanup();
    show({ rows: [], isForbidden: true });
    expect(screen.getByText("Not yours to see")).toBeTruthy();
    cleanup();
    show({
      rows: [],
      error: {
        code: "busy",
        status: 503,
        detail: "Too busy.",
        requestId: "r-9",
        fields: [],
        retryAfterSeconds: null,
      },
    });
    expect(screen.getByText("Too busy.")).toBeTruthy();
    expect(screen.getByText("Request r-9")).toBeTruthy();
    expect(screen.getByRole("link", { hidden: true }).getAttribute("href")).toBe("/problems/busy");
  });
});

describe("keys in a list", () => {
  it("stop at its ends", () => {
    expect(gridAction("ArrowUp", 0, 3, 10)).toEqual({ kind: "move", index: 0 });
    expect(gridAction("ArrowDown", 2, 3, 10)).toEqual({ kind: "move", index: 2 });
    expect(gridAction("PageDown", 1, 3, 10)).toEqual({ kind: "move", index: 2 });
    expect(gridAction("End", 0, 3, 10)).toEqual({ kind: "move", index: 2 });
  });

  it("do nothing in an empty one", () => {
    expect(gridAction("ArrowDown", -1, 0, 10)).toBeNull();
    expect(gridAction("Enter", -1, 3, 10)).toBeNull();
  });
});

describe("a pulse", () => {
  const versions = (entries: Record<string, string>) => new Map(Object.entries(entries));

  it("marks changed rows and rows that slid in, not the next page", () => {
    const before = versions({ a: "1", b: "1" });
    expect(
      changedKeys(
        ["n", "a", "b", "later"],
        versions({ n: "1", a: "1", b: "2", later: "1" }),
        before,
      ),
    ).toEqual(["n", "b"]);
  });
});
