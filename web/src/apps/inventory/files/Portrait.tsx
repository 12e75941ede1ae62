import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { contentOf, filesQuery, smallOf } from "./queries";
import { portraitOf } from "./rules";
import classes from "./files.module.css";

/** The picture that an item is known by, opened by a click; nothing where there is none. */
export default function Portrait({ item }: { readonly item: string }) {
  const workspace = useWorkspace();
  const files = useQuery(filesQuery(workspace.id, { kind: "item", id: item }));
  const [broken, setBroken] = useState<string | null>(null);
  const picture = portraitOf(files.data ?? []);
  if (!picture || picture.id === broken) return null;
  return (
    <a
      className={classes.portrait}
      href={contentOf(workspace.id, picture)}
      target="_blank"
      rel="noreferrer"
    >
      <img
        src={smallOf(workspace.id, picture)}
        width={320}
        height={180}
        alt={picture.name}
        loading="lazy"
        onError={() => setBroken(picture.id)}
      />
    </a>
  );
}
