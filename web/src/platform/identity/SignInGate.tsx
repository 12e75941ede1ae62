import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useSyncExternalStore } from "react";
import { isAskingToSignIn, onEnrolmentNeeded, onSignInAsked } from "@/api/session";
import { stepUp } from "@/api/stepUp";
import { meQuery } from "./queries";

const SignInAgain = lazy(() => import("./SignInAgain"));
const StepUpDialog = lazy(() => import("./factors/StepUpDialog"));

/**
 * Shows over the page what a refused request waits for: signing in again when the session ended,
 * or a fresh factor for what not everybody at an open screen may do.
 */
export function SignInGate() {
  const client = useQueryClient();
  const isAsking = useSyncExternalStore(onSignInAsked, isAskingToSignIn);
  const methods = useSyncExternalStore(stepUp.watch, stepUp.question);
  useEffect(
    () =>
      onEnrolmentNeeded(() => {
        const me = client.getQueryData(meQuery.queryKey);
        if (me?.mfa.must_enrol !== true)
          void client.invalidateQueries({ queryKey: meQuery.queryKey });
      }),
    [client],
  );
  return (
    <Suspense fallback={null}>
      {isAsking && <SignInAgain />}
      {methods && <StepUpDialog methods={methods} />}
    </Suspense>
  );
}
