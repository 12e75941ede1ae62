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

/**
 * A part of a page that is read by itself: it loads, fails and is tried again by itself. What is
 * there stays there when it cannot be read anew, and with it what somebody types in it.
 */
export function Loaded<T>({ query, lines, children }: Props<T>) {
  const failed = query.error ? (
    <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />
  ) : null;
  if (query.data === undefined) return failed ?? <SkeletonLines count={lines} />;
  return (
    <>
      {failed}
      {children(query.data)}
    </>
  );
}
