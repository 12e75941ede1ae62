import { lazy, Suspense } from "react";
import { ApiProblem } from "@/api/problem";
import { loadTexts } from "@/i18n";

const Note = lazy(async () => {
  await loadTexts("counts");
  return import("./counts/HiddenNote");
});

/** Says why quantities are not shown, where some are not. */
export function Hidden({ when }: { readonly when: boolean }) {
  return (
    when && (
      <Suspense>
        <Note />
      </Suspense>
    )
  );
}

/** Whether something was refused because it would tell what is hidden. */
export function isHidden(error: unknown): boolean {
  return error instanceof ApiProblem && error.code === "quantities-hidden";
}
