import { createContext, useContext, useMemo, type ReactNode } from "react";
import { Formatter, type Place } from "./format";

const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const fallback = new Formatter({ locale: "en", timeZone: browserZone, currency: "EUR" });
const FormatContext = createContext<Formatter>(fallback);

/** Everything below it writes numbers and times as this place does. */
export function FormatProvider({
  place,
  children,
}: {
  readonly place: Place;
  readonly children: ReactNode;
}) {
  const { locale, timeZone, currency } = place;
  const formatter = useMemo(
    () => new Formatter({ locale, timeZone, currency }),
    [locale, timeZone, currency],
  );
  return <FormatContext value={formatter}>{children}</FormatContext>;
}

export function useFormat(): Formatter {
  return useContext(FormatContext);
}
