import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { t } from "@/i18n";
import { SkeletonLines } from "@/ui/Skeleton";
import { AuthFrame } from "../AuthFrame";
import { useLinkToken } from "../linkToken";
import { meQuery } from "../queries";
import { InvitationAnswer } from "./InvitationAnswer";
import { InvitationFacts } from "./InvitationFacts";
import { LinkRefused, PasteLink } from "./LinkRefused";
import { invitationQuery } from "./queries";

/** Where the link of an invitation leads. The token lives in this page only. */
export function InvitationScreen() {
  const [token, setToken] = useLinkToken();
  const [refusal, setRefusal] = useState<{ token: string; error: unknown } | null>(null);
  const preview = useQuery(invitationQuery(token));
  const me = useQuery(meQuery);
  useEffect(() => {
    document.title = `${t("landing.tab")} · Holdfast`;
  }, []);
  const failure = (refusal?.token === token ? refusal.error : null) ?? preview.error;
  return (
    <AuthFrame isWide>
      {token === "" ? (
        <PasteLink title={t("landing.tab")} onToken={setToken} />
      ) : failure ? (
        <LinkRefused
          error={failure}
          words={{
            unknown: t("landing.unknownTitle"),
            expired: t("landing.expiredTitle"),
            failed: t("landing.failedTitle"),
          }}
          isSignedIn={Boolean(me.data)}
          onRetry={() => {
            setRefusal(null);
            void preview.refetch();
          }}
        />
      ) : preview.data && me.data !== undefined ? (
        <>
          <InvitationFacts invitation={preview.data} />
          <InvitationAnswer
            key={token}
            token={token}
            invitation={preview.data}
            me={me.data}
            onRefused={(error) => setRefusal({ token, error })}
          />
        </>
      ) : (
        <SkeletonLines count={5} />
      )}
    </AuthFrame>
  );
}
