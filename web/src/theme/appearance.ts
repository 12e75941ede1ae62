/** What the person chose for this browser; the account's choice of theme is written here too. */
export type SchemeChoice = "system" | "light" | "dark";
export type Density = "comfortable" | "compact";

const SCHEME_KEY = "holdfast.theme";
const DENSITY_KEY = "holdfast.density";

export function readStored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keeps a choice for the next visit; a browser that forbids storage just forgets it. */
export function writeStored(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    return;
  }
}

export function storedScheme(): SchemeChoice {
  const value = readStored(SCHEME_KEY);
  return value === "light" || value === "dark" ? value : "system";
}

export function storeScheme(choice: SchemeChoice): void {
  writeStored(SCHEME_KEY, choice);
}

/** Paper is white, whatever the screen is. */
export function printLight(): void {
  const { dataset } = document.documentElement;
  let onScreen: string | undefined;
  window.addEventListener("beforeprint", () => {
    onScreen = dataset["mantineColorScheme"];
    dataset["mantineColorScheme"] = "light";
  });
  window.addEventListener("afterprint", () => {
    if (onScreen) dataset["mantineColorScheme"] = onScreen;
  });
}

export function storedDensity(): Density {
  return readStored(DENSITY_KEY) === "compact" ? "compact" : "comfortable";
}

export function applyDensity(density: Density): void {
  document.documentElement.dataset["density"] = density;
  writeStored(DENSITY_KEY, density);
}

export const ROW_HEIGHT_PX: Readonly<Record<Density, number>> = { comfortable: 40, compact: 32 };
