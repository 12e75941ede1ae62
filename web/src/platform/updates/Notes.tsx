import { Fragment } from "react";
import { blocksOf, type Block, type Run } from "./notes";
import classes from "./updates.module.css";

/** Release notes of the publisher, made of elements and never of markup. */
export function Notes({ markdown }: { readonly markdown: string }) {
  return (
    <div className={classes.notes} lang="en">
      {blocksOf(markdown).map((block, at) => (
        <Part key={at} block={block} />
      ))}
    </div>
  );
}

function Part({ block }: { readonly block: Block }) {
  if (block.kind === "code") return <pre tabIndex={0}>{block.text}</pre>;
  if (block.kind === "heading") {
    return (
      <p className={classes.noteHeading}>
        <Runs runs={block.runs} />
      </p>
    );
  }
  if (block.kind === "paragraph") {
    return (
      <p>
        <Runs runs={block.runs} />
      </p>
    );
  }
  const List = block.isOrdered ? "ol" : "ul";
  return (
    <List>
      {block.items.map((item, at) => (
        <li key={at}>
          <Runs runs={item} />
        </li>
      ))}
    </List>
  );
}

function Runs({ runs }: { readonly runs: readonly Run[] }) {
  return runs.map((run, at) => {
    if (run.kind === "strong") return <strong key={at}>{run.text}</strong>;
    if (run.kind === "emphasis") return <em key={at}>{run.text}</em>;
    if (run.kind === "code") return <code key={at}>{run.text}</code>;
    return <Fragment key={at}>{run.text}</Fragment>;
  });
}
