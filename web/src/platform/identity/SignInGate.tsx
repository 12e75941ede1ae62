import { lazy, Suspense, useSyncExternalStore } from "react";
import { isAskingToSignIn, onSignInAsked } from "@/api/session";

const SignInAgain = lazy(() => import("./SignInAgain"));

/** Shows the sign-in dialog over the page whenever a request found the session ended. */
export function SignInGate() {
  const isAsking = useSyncExternalStore(onSignInAsked, isAskingToSignIn);
  if (!isAsking) return null;
  return (
    <Suspense fallback={null}>
      <SignInAgain />
    </Suspense>
  );
}
