import { lazy, Suspense } from "react";
import { SkeletonLines } from "@/ui/Skeleton";
import { withTexts } from "@/withTexts";
import type { About } from "../about";

const CommentsSection = lazy(withTexts(() => import("./CommentsSection"), "comments"));

/** The comments on an item or an order; they come after the page itself. */
export function Comments({ about }: { readonly about: About }) {
  return (
    <Suspense fallback={<SkeletonLines count={2} />}>
      <CommentsSection key={about.id} about={about} />
    </Suspense>
  );
}
