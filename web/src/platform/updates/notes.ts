/** A run of text inside a paragraph. */
export interface Run {
  readonly kind: "text" | "strong" | "emphasis" | "code";
  readonly text: string;
}

export type Block =
  | { readonly kind: "heading"; readonly runs: readonly Run[] }
  | { readonly kind: "paragraph"; readonly runs: readonly Run[] }
  | { readonly kind: "code"; readonly text: string }
  | {
      readonly kind: "list";
      readonly isOrdered: boolean;
      readonly items: readonly (readonly Run[])[];
    };

const HEADING = /^#{1,6}\s+(.*)$/;
const ITEM = /^\s*(?:[-*+]|(\d{1,3})[.)])\s+(.*)$/;
const FENCE = /^```/;

/**
 * Reads the Markdown of release notes: headings, paragraphs, lists, code, emphasis. Addresses and
 * everything else stay the text they are: the notes come from somebody else.
 */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let lines: string[] = [];
  let items: (readonly Run[])[] | null = null;
  let code: string[] | null = null;
  const endParagraph = () => {
    if (lines.length > 0) blocks.push({ kind: "paragraph", runs: runsOf(lines.join(" ")) });
    lines = [];
  };
  for (const line of markdown.split(/\r?\n/)) {
    if (FENCE.test(line)) {
      endParagraph();
      if (code) blocks.push({ kind: "code", text: code.join("\n") });
      code = code ? null : [];
      continue;
    }
    if (code) {
      code.push(line);
      continue;
    }
    const heading = HEADING.exec(line);
    const item = ITEM.exec(line);
    if (item) {
      endParagraph();
      if (!items) {
        items = [];
        blocks.push({ kind: "list", isOrdered: item[1] !== undefined, items });
      }
      items.push(runsOf(item[2] ?? ""));
      continue;
    }
    const last = items?.at(-1);
    if (items && last && line.trim() && /^\s/.test(line)) {
      items[items.length - 1] = [...last, { kind: "text", text: " " }, ...runsOf(line.trim())];
      continue;
    }
    items = null;
    if (heading) {
      endParagraph();
      blocks.push({ kind: "heading", runs: runsOf(heading[1] ?? "") });
    } else if (line.trim() === "") {
      endParagraph();
    } else {
      lines.push(line.trim());
    }
  }
  endParagraph();
  if (code) blocks.push({ kind: "code", text: code.join("\n") });
  return blocks;
}

const RUN = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*/g;

function runsOf(text: string): Run[] {
  const runs: Run[] = [];
  let end = 0;
  for (const found of text.matchAll(RUN)) {
    if (found.index > end) runs.push({ kind: "text", text: text.slice(end, found.index) });
    const [all, code, strong, emphasis] = found;
    if (code !== undefined) runs.push({ kind: "code", text: code });
    else if (strong !== undefined) runs.push({ kind: "strong", text: strong });
    else if (emphasis !== undefined) runs.push({ kind: "emphasis", text: emphasis });
    end = found.index + all.length;
  }
  if (end < text.length) runs.push({ kind: "text", text: text.slice(end) });
  return runs;
}
