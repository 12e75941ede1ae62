import { QueryClient } from "@tanstack/react-query";
import { asProblem } from "@/api/problem";

const STALE_MS = 30_000;
const RETRIES_MAX = 2;

/** Changes come over the event stream: nothing polls, nothing is read again for a mere focus. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: STALE_MS,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        retry: (count, error) => count < RETRIES_MAX && isPassing(error),
      },
      mutations: { retry: false },
    },
  });
}

/** Worth another try: the connection, or a box that is busy for a moment. */
function isPassing(error: unknown): boolean {
  const { code, status } = asProblem(error);
  return code === "network" || status === 502 || status === 503;
}
