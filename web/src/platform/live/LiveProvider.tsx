import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useRef, useState, type ReactNode } from "react";
import { followEvents, workspaceEvents, type StreamState } from "@/api/events";
import { meQuery } from "../identity/queries";
import { NOTICES } from "../notices/queries";
import { HELP } from "../security/queries";
import { NEWS } from "../updates/newsQuery";
import { markCostly, readAllAgain } from "./costly";

/** `off`: nothing is followed, and nothing is wrong with the connection. */
type LiveState = StreamState | "off";

const LiveContext = createContext<LiveState>("connecting");

/** The state of the event stream, for the banner and the footer. */
export function useStreamState(): LiveState {
  return useContext(LiveContext);
}

/** What any change may alter, whatever its kind. */
const ABOUT_ANYTHING = ["audit", "deleted", "search"];
/** In a burst of changes the screen is brought up to date at most this often. */
const BURST_MS = 700;
/** How often it is asked whether a damaged workspace was brought back. */
const MENDED_MS = 15_000;

/**
 * Follows the workspace's changes and marks what they touch as out of date. A change of kind
 * `inventory.item` touches every query whose key starts with `["inventory", workspace]`; of what is
 * costly it is only said that something changed.
 */
export function LiveProvider({
  workspace,
  isDamaged,
  children,
}: {
  readonly workspace: string;
  /** Its log may be what is damaged, and nothing in it changes: there is nothing to follow. */
  readonly isDamaged: boolean;
  readonly children: ReactNode;
}) {
  const client = useQueryClient();
  const [state, setState] = useState<StreamState>("connecting");
  const wasDamaged = useRef(false);
  useQuery({ ...meQuery, refetchInterval: isDamaged ? MENDED_MS : false });

  useEffect(() => {
    if (isDamaged) {
      wasDamaged.current = true;
      return;
    }
    // Everything in it is another.
    if (wasDamaged.current) readAllAgain(client);
    wasDamaged.current = false;
    const touched = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let flushedAt = 0;
    let wasLost = false;
    const flush = () => {
      timer = undefined;
      flushedAt = Date.now();
      for (const app of touched) {
        void client.invalidateQueries({ queryKey: [app, workspace] });
        markCostly(client, app, workspace);
      }
      for (const about of ABOUT_ANYTHING)
        void client.invalidateQueries({ queryKey: [about, workspace] });
      if (touched.has("notice")) {
        void client.invalidateQueries({ queryKey: [NOTICES] });
        // Somebody who asks for help is told of in person.
        void client.invalidateQueries({ queryKey: [HELP] });
      }
      if (touched.has("box")) void client.invalidateQueries({ queryKey: [NEWS] });
      if (touched.has("workspace")) void client.invalidateQueries({ queryKey: meQuery.queryKey });
      touched.clear();
    };
    return followEvents(workspaceEvents(workspace), {
      onChange: (change) => {
        touched.add(change.kind.split(".")[0] ?? "");
        timer ??= setTimeout(flush, Math.max(30, BURST_MS - (Date.now() - flushedAt)));
      },
      onGap: () => readAllAgain(client),
      onState: (next) => {
        setState(next);
        // What happened to the workspace itself, its people and the box is not told again.
        if (next === "open" && wasLost) {
          void client.invalidateQueries({ queryKey: ["workspace", workspace] });
          void client.invalidateQueries({ queryKey: [NEWS] });
        }
        wasLost &&= next !== "open";
      },
      // A request through the client finds out whether the session ended, and then asks.
      onLost: () => {
        wasLost = true;
        void client.invalidateQueries({ queryKey: meQuery.queryKey });
      },
    });
  }, [client, workspace, isDamaged]);

  return <LiveContext value={isDamaged ? "off" : state}>{children}</LiveContext>;
}
