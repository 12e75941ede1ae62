import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { BOX_EVENTS, followEvents } from "@/api/events";
import { useMe } from "../identity/queries";

const BURST_MS = 700;

/**
 * While a screen of the box is open, what the operators' stream tells brings it up to date. `keys`
 * are the first parts of the queries it shows; it has to be the same list every time.
 */
export function useBoxEvents(keys: readonly string[]): void {
  const client = useQueryClient();
  const { is_operator } = useMe();
  useEffect(() => {
    if (!is_operator) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refresh = () => {
      timer = undefined;
      for (const key of keys) void client.invalidateQueries({ queryKey: [key] });
    };
    const soon = () => {
      timer ??= setTimeout(refresh, BURST_MS);
    };
    const close = followEvents(BOX_EVENTS, {
      onChange: soon,
      onGap: soon,
      onState: () => undefined,
      onLost: () => undefined,
    });
    return () => {
      clearTimeout(timer);
      close();
    };
  }, [client, is_operator, keys]);
}
