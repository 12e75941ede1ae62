import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { APPS } from "@/apps/registry";
import { en } from "@/i18n/en";
import { audit } from "@/i18n/en/audit";
import { BOX_KINDS } from "@/platform/jobs/kinds";

const SOURCES = join(import.meta.dirname, "../../../src");
/** A dotted text where an entry is made, by itself or by a helper of its resource. */
const MADE = new RegExp(
  String.raw`(?:Entry::(?:new|about)|\b(?:entry|described|live_on|token_ended))` +
    String.raw`\(\s*(?:[&\w]+,\s*)*"([a-z_]+(?:\.[a-z_-]+)+)"`,
  "g",
);
/** Three parts say what happened to what: nothing else is named like that. */
const THREE = /"([a-z_]+(?:\.[a-z_-]+){2,})"/g;
/** Actions that are named by a constant or chosen among several. */
const NAMED =
  /(?:const [A-Z_]+: &str = |\{ |=> |, )"((?:access|audit|keys|update|workspace)\.[a-z_-]+)"/g;
/** Two parts that say no action: permissions, kinds of things, and files. */
const OTHERS = /\.(?:read|manage|settings|transfer|delete|log|member|role|sample-data|json)$/;
/** Work in the background, where its kind is declared. */
const KIND = /\bkind: "((?:platform|inventory)\.[a-z-]+|workspace\.sample-data)"/g;
const READ = "access.read";

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((one) => {
    // What a test says, nobody ever did.
    if (/^tests(?:\.rs)?$/.test(one.name)) return [];
    const path = join(folder, one.name);
    if (one.isDirectory()) return sources(path);
    return one.name.endsWith(".rs") ? [readFileSync(path, "utf8")] : [];
  });
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? "");
}

/** Every action that the server may write into a log. */
function actions(): Set<string> {
  const found = new Set<string>([READ]);
  for (const source of sources(SOURCES)) {
    const text = source
      .replace(/#\[cfg\(test\)\]\s*mod \w+ \{[\s\S]*/, "")
      .replace(/^\s*\/\/.*$/gm, "");
    for (const one of matches(text, MADE)) found.add(one);
    for (const one of matches(text, THREE)) if (!one.includes("example")) found.add(one);
    for (const one of matches(text, NAMED)) if (!OTHERS.test(one)) found.add(one);
  }
  return found;
}

const SAID = new Set(
  Object.keys({ ...en, ...audit }).filter((key) => key.startsWith("audit.say.")),
);
/** What is said of no action in particular. */
const GENERAL = ["audit.say.default", "audit.say.refused", "audit.say.changed"];

describe("a job", () => {
  it("has a name, whatever kind it is", () => {
    const kinds = sources(SOURCES).flatMap((one) => matches(one, KIND));
    expect(kinds).toContain("platform.backup");
    expect(kinds.filter((one) => !Object.hasOwn(en, `job.kind.${one}`))).toEqual([]);
  });

  it("can be looked for by its kind", () => {
    const kinds = sources(SOURCES).flatMap((one) => matches(one, KIND));
    expect([...BOX_KINDS].sort()).toEqual([...new Set(kinds)].sort());
  });
});

describe("what happened", () => {
  const known = actions();

  it("is found in the server's sources", () => {
    for (const one of [READ, "audit.exported", "audit.checkpoint.signed", "workspace.member.left"])
      expect(known).toContain(one);
    expect(known.size).toBeGreaterThan(90);
  });

  it("has a sentence, whatever it is", () => {
    const byApps = new Set(APPS.flatMap((app) => Object.keys(app.auditWords)));
    const silent = [...known].filter((one) => !byApps.has(one) && !SAID.has(`audit.say.${one}`));
    expect(silent.toSorted()).toEqual([]);
  });

  it("is not said of what never happens", () => {
    const idle = [...SAID].filter(
      (key) => !GENERAL.includes(key) && !known.has(key.slice("audit.say.".length)),
    );
    expect(idle.toSorted()).toEqual([]);
  });
});
