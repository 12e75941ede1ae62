import { createContext } from "react";

/** Where whoever may see it finds what happened to a request; null for everybody else. */
export const RequestLink = createContext<((id: string) => string) | null>(null);
