import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState, type ReactNode } from "react";
import { followEvents, workspaceEvents, type StreamState } from "@/api/events";
import { meQuery } from "../identity/queries";
import { NOTICES } from "../notices/queries";
import { HELP } from "../security/queries";

const LiveContext = createContext<StreamState>("connecting");

/** The state of the event stream, for the banner and the footer. */
export function useStreamState(): StreamState {
  return useContext(LiveContext);
}

/** What any change may alter, whatever its kind. */
const ABOUT_ANYTHING = ["audit", "deleted", "search"];
/** In a burst of changes the screen is brought up to date at most this often. */
const BURST_MS = 700;

/**
 * Follows the workspace's changes and marks what they touch as out of date. A change of kind
 * `inventory.item` touches every query whose key starts with `["inventory", workspace]`.
 */
export function LiveProvider({
  workspace,
  children,
}: {
  readonly workspace: string;
  readonly children: ReactNode;
}) {
  const client = useQueryClient();
  const [state, setState] = useState<StreamState>("connecting");

  useEffect(() => {
    const touched = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let flushedAt = 0;
    let wasLost = false;
    const flush = () => {
      timer = undefined;
      flushedAt = Date.now();
      for (const app of touched) void client.invalidateQueries({ queryKey: [app, workspace] });
      for (const about of ABOUT_ANYTHING)
        void client.invalidateQueries({ queryKey: [about, workspace] });
      if (touched.has("notice")) {
        void client.invalidateQueries({ queryKey: [NOTICES] });
        // Somebody who asks for help is told of in person.
        void client.invalidateQueries({ queryKey: [HELP] });
      }
      if (touched.has("workspace")) void client.invalidateQueries({ queryKey: meQuery.queryKey });
      touched.clear();
    };
    return followEvents(workspaceEvents(workspace), {
      onChange: (change) => {
        touched.add(change.kind.split(".")[0] ?? "");
        timer ??= setTimeout(flush, Math.max(30, BURST_MS - (Date.now() - flushedAt)));
      },
      onGap: () => void client.invalidateQueries(),
      onState: (next) => {
        setState(next);
        // What happened to the workspace itself and its people is not told a second time.
        if (next === "open" && wasLost)
          void client.invalidateQueries({ queryKey: ["workspace", workspace] });
        wasLost &&= next !== "open";
      },
      // A request through the client finds out whether the session ended, and then asks.
      onLost: () => {
        wasLost = true;
        void client.invalidateQueries({ queryKey: meQuery.queryKey });
      },
    });
  }, [client, workspace]);

  return <LiveContext value={state}>{children}</LiveContext>;
}
