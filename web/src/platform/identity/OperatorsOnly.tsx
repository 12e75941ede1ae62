import type { ReactNode } from "react";
import { RefusedPage } from "@/ui/Page";
import { useMe } from "./queries";

interface Props {
  readonly title: string;
  /** Why somebody else has nothing to look for here. */
  readonly text?: string;
  readonly children: ReactNode;
}

/** A screen of the box, which is not even drawn for somebody who does not operate it. */
export function OperatorsOnly({ title, text, children }: Props) {
  const me = useMe();
  return me.is_operator ? children : <RefusedPage title={title} text={text} />;
}
