import "./theme/mantine.css";
import "./theme/tokens.css";
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { reportError, watchErrors } from "@/api/clientErrors";
import { loadLanguage } from "@/i18n";
import { firstLanguage } from "@/platform/identity/language";
import { meQuery } from "@/platform/identity/queries";
import { makeQueryClient } from "@/platform/queryClient";
import { setupQuery } from "@/platform/setup/queries";
import {
  applyDensity,
  printLight,
  storedDensity,
  storedScheme,
  storeScheme,
} from "@/theme/appearance";
import { theme } from "@/theme/theme";
import { keepFocus } from "@/ui/keepFocus";
import { makeRouter } from "./routes";

async function start(): Promise<void> {
  watchErrors();
  keepFocus();
  printLight();
  const client = makeQueryClient();
  // Asked while the texts load; the routes use the answers.
  const asked = Promise.allSettled([
    client.prefetchQuery(setupQuery),
    client.prefetchQuery(meQuery),
  ]);
  applyDensity(storedDensity());
  await loadLanguage(firstLanguage());
  await asked;
  const me = client.getQueryData(meQuery.queryKey);
  if (me) storeScheme(me.theme);
  const choice = storedScheme();
  const container = document.getElementById("root");
  if (!container) return;
  createRoot(container, { onCaughtError: told, onUncaughtError: told }).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        defaultColorScheme={choice === "system" ? "auto" : choice}
        colorSchemeManager={memoryManager(choice === "system" ? "auto" : choice)}
      >
        <QueryClientProvider client={client}>
          <Notifications position="bottom-right" limit={4} containerWidth={420} />
          <RouterProvider router={makeRouter(client)} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}

/** What broke while drawing is said to the box as well as to the console. */
function told(error: unknown): void {
  console.error(error);
  reportError(error);
}

type Scheme = "auto" | "light" | "dark";

/** The account keeps the choice of theme; the library holds it only while the page lives. */
function memoryManager(first: Scheme) {
  let now: Scheme = first;
  return {
    get: () => now,
    set: (value: Scheme) => {
      now = value;
    },
    subscribe: () => undefined,
    unsubscribe: () => undefined,
    clear: () => undefined,
  };
}

void start();
