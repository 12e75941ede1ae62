import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState } from "react";
import type { MyWorkspace } from "@/api/types";
import { APPS } from "@/apps/registry";
import { isTyping } from "@/ui/FilterChips";

const JUMP_MS = 1_200;

/** The keys that work everywhere: Ctrl+K, `?`, and `g` with a letter. */
export function useShellKeys(workspace: MyWorkspace | null) {
  const navigate = useNavigate();
  const [open, setOpen] = useState<"palette" | "shortcuts" | null>(null);
  const jumpAt = useRef(0);

  useEffect(() => {
    const jump = (key: string) => {
      if (!workspace) return false;
      const params = { workspace: workspace.id };
      if (key === "t") void navigate({ to: "/w/$workspace", params });
      const screen = APPS.flatMap((app) => app.screens).find((one) => one.jump === key);
      if (screen) void navigate({ to: screen.to, params });
      return key === "t" || screen !== undefined;
    };
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setOpen("palette");
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === "?") {
        event.preventDefault();
        setOpen("shortcuts");
      } else if (event.timeStamp - jumpAt.current < JUMP_MS) {
        jumpAt.current = 0;
        if (jump(event.key)) event.preventDefault();
      } else if (event.key === "g") {
        jumpAt.current = event.timeStamp;
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [navigate, workspace]);

  return {
    palette: open === "palette",
    shortcuts: open === "shortcuts",
    openPalette: useCallback(() => setOpen("palette"), []),
    openShortcuts: useCallback(() => setOpen("shortcuts"), []),
    close: useCallback(() => setOpen(null), []),
  };
}
