import { describe, expect, it } from "vitest";
import { foundKinds, tabScreens } from "./navigation";

const permissions = ["inventory.read", "people.read"];
const withInventory = { apps: ["inventory"], permissions };
const withNothing = { apps: [], permissions };

describe("the phone's bottom bar", () => {
  it("leads to the first screens of what is switched on", () => {
    expect(tabScreens(withInventory).map((screen) => screen.label)).toEqual([
      "nav.items",
      "nav.stock",
    ]);
  });

  it("leads nowhere that is switched off or not permitted", () => {
    expect(tabScreens(withNothing)).toEqual([]);
    expect(tabScreens({ apps: ["inventory"], permissions: [] })).toEqual([]);
  });
});

describe("what the search finds", () => {
  const one = (kind: string) => ({ kind, id: "7", title: "", subtitle: "", score_class: "word" });

  it("leads from a member to the people, whatever is switched on", () => {
    const member = foundKinds(withNothing).find((kind) => kind.kind === "workspace.member");
    expect(member?.to?.("w", one("workspace.member"))).toMatchObject({
      to: "/w/$workspace/people",
      search: { panel: "7" },
    });
  });

  it("leads from a supplier to their page", () => {
    const supplier = foundKinds(withInventory).find((kind) => kind.kind === "inventory.supplier");
    expect(supplier?.to?.("w", one("inventory.supplier"))).toMatchObject({
      to: "/w/$workspace/inventory/suppliers/$supplier",
      params: { supplier: "7" },
    });
  });
});
