import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState } from "react";
import type { MyWorkspace } from "@/api/types";
import { isTyping } from "@/ui/FilterChips";
import { visibleApps } from "./navigation";

const JUMP_MS = 1_200;

/** The keys that work everywhere: Ctrl+K, `?`, and `g` with a letter. */
export function useShellKeys(workspace: MyWorkspace | null) {
  const navigate = useNavigate();
  const [open, show] = useState<"palette" | "shortcuts" | null>(null);
  // Keys come faster than the screen is drawn: what is open has to be known at once.
  const opening = useRef<typeof open>(null);
  const setOpen = useCallback((next: typeof open) => {
    opening.current = next;
    show(next);
  }, []);
  const jumpAt = useRef(Number.NEGATIVE_INFINITY);
  // What is typed before the palette has come is not lost.
  const typed = useRef("");

  useEffect(() => {
    const jump = (key: string) => {
      if (!workspace) return false;
      const params = { workspace: workspace.id };
      if (key === "t") void navigate({ to: "/w/$workspace", params });
      const screens = visibleApps(workspace).flatMap((app) => app.screens);
      const screen = screens.find((one) => one.jump === key);
      if (screen) void navigate({ to: screen.to, params });
      return key === "t" || screen !== undefined;
    };
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        typed.current = "";
        setOpen("palette");
        return;
      }
      if (opening.current === "palette" && !isTyping(event.target)) {
        if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        typed.current += event.key;
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === "?") {
        event.preventDefault();
        setOpen("shortcuts");
      } else if (event.timeStamp - jumpAt.current < JUMP_MS) {
        jumpAt.current = Number.NEGATIVE_INFINITY;
        if (jump(event.key)) event.preventDefault();
      } else if (event.key === "g") {
        jumpAt.current = event.timeStamp;
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [navigate, setOpen, workspace]);

  return {
    palette: open === "palette",
    shortcuts: open === "shortcuts",
    typedBefore: useCallback(() => typed.current, []),
    openPalette: useCallback(() => {
      typed.current = "";
      setOpen("palette");
    }, [setOpen]),
    openShortcuts: useCallback(() => setOpen("shortcuts"), [setOpen]),
    close: useCallback(() => setOpen(null), [setOpen]),
  };
}
