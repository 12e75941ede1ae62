import { loadTexts } from "@/i18n";

type Part = Parameters<typeof loadTexts>[0];

/** A screen that comes with its texts. */
export function withTexts<T>(load: () => Promise<T>, ...parts: Part[]): () => Promise<T> {
  return async () => (await Promise.all([load(), ...parts.map((part) => loadTexts(part))]))[0];
}
