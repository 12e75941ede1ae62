import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keepFocus } from "./keepFocus";

const PAGE = `<main tabindex="0" id="list"></main><button id="opener">Open</button>`;
const DIALOG = `<div role="dialog"><button id="inside">Close</button></div>`;

describe("focus that a dialog took", () => {
  let stop: () => void;

  beforeEach(() => {
    document.body.innerHTML = PAGE;
    stop = keepFocus();
  });
  afterEach(() => stop());

  it("goes back to what opened it", async () => {
    at("opener").focus();
    openDialog();
    document.querySelector("[role=dialog]")?.remove();
    await mutated();

    expect(document.activeElement?.id).toBe("opener");
  });

  it("goes to the place before, when what opened it is gone as well", async () => {
    at("list").focus();
    at("opener").focus();
    openDialog();
    at("opener").remove();
    document.querySelector("[role=dialog]")?.remove();
    await mutated();

    expect(document.activeElement?.id).toBe("list");
  });

  it("stays where somebody put it meanwhile", async () => {
    at("opener").focus();
    openDialog();
    document.querySelector("[role=dialog]")?.remove();
    at("list").focus();
    await mutated();

    expect(document.activeElement?.id).toBe("list");
  });

  it("is not moved when a part of the page goes that is no dialog", async () => {
    at("list").focus();
    at("opener").focus();
    at("opener").remove();
    await mutated();

    expect(document.activeElement).toBe(document.body);
  });
});

function openDialog(): void {
  document.body.insertAdjacentHTML("beforeend", DIALOG);
  at("inside").focus();
}

function at(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no ${id}`);
  return found;
}

function mutated(): Promise<void> {
  return new Promise((done) => setTimeout(done));
}
