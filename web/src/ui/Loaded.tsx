import type { ReactNode } from "react";
import { ProblemAlert } from "./ProblemAlert";
import { SkeletonLines } from "./Skeleton";

interface Props<T> {
  readonly query: {
    readonly data: T | undefined;
    readonly error: unknown;
    readonly refetch: () => unknown;
  };
  /** How many lines stand there while it loads. */
  readonly lines: number;
  readonly children: (data: T) => ReactNode;
}

/** A part of a page that is read by itself: it loads, fails and is tried again by itself. */
export function Loaded<T>({ query, lines, children }: Props<T>) {
  if (query.error) return <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />;
  if (query.data === undefined) return <SkeletonLines count={lines} />;
  return children(query.data);
}
