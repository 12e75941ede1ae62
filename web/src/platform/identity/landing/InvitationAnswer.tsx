import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { InvitationPreview, Me } from "@/api/types";
import { t } from "@/i18n";
import { Notice } from "@/ui/Notice";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { meQuery, signOutHere } from "../queries";
import { SignInForm } from "../SignInForm";
import { LinkRefused } from "./LinkRefused";
import { NewPersonForm } from "./NewPersonForm";
import { accept, invitationQuery } from "./queries";
import classes from "../auth.module.css";

/** These end the matter: the page shows them in place of the form. */
const FINAL = ["invitation-unknown", "invitation-expired"];
/** The page knew too little of who is signed in; with newer knowledge it asks rightly. */
const OUTDATED = ["invitation-sign-in", "invitation-for-another"];

interface Props {
  readonly token: string;
  readonly invitation: InvitationPreview;
  readonly me: Me | null;
  readonly onRefused: (error: unknown) => void;
}

/** What the holder of the link can do, by who they are. */
export function InvitationAnswer({ token, invitation, me, onRefused }: Props) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const join = async (person?: { name: string; password: string }) => {
    try {
      const { workspace } = await accept({ token, ...person });
      await client.fetchQuery({ ...meQuery, staleTime: 0 });
      await navigate({
        to: "/w/$workspace",
        params: { workspace: workspace.id },
        replace: true,
      });
    } catch (error) {
      const { code } = asProblem(error);
      if (FINAL.includes(code)) return onRefused(error);
      if (OUTDATED.includes(code))
        await Promise.all([
          client.invalidateQueries({ queryKey: meQuery.queryKey }),
          client.invalidateQueries({ queryKey: invitationQuery(token).queryKey }),
        ]);
      throw error;
    }
  };
  if (!me)
    return invitation.has_account ? (
      <>
        <p className={classes.lead}>{t("landing.signIn")}</p>
        <SignInForm email={invitation.email} onDone={() => undefined} />
      </>
    ) : (
      <NewPersonForm invitation={invitation} onSend={join} />
    );
  if (!isSame(me.email, invitation.email)) return <ForAnother invitation={invitation} me={me} />;
  return <JoinButton invitation={invitation} me={me} onJoin={() => join()} />;
}

function JoinButton({
  invitation,
  me,
  onJoin,
}: {
  readonly invitation: InvitationPreview;
  readonly me: Me;
  readonly onJoin: () => Promise<void>;
}) {
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const join = async () => {
    setSending(true);
    setError(null);
    try {
      await onJoin();
    } catch (cause) {
      setError(cause);
    } finally {
      setSending(false);
    }
  };
  if (asProblem(error).code === "already-member")
    return <LinkRefused error={error} words={{ failed: t("landing.inTitle") }} isSignedIn />;
  return (
    <div className="hf-stack">
      <p className="hf-text">{t("landing.you", { name: me.name, email: me.email })}</p>
      {error !== null && <ProblemAlert error={error} />}
      <div className="hf-flow">
        <Button loading={isSending} onClick={() => void join()} autoFocus>
          {t("landing.join", { workspace: invitation.workspace_name })}
        </Button>
      </div>
    </div>
  );
}

function ForAnother({
  invitation,
  me,
}: {
  readonly invitation: InvitationPreview;
  readonly me: Me;
}) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const leave = async () => {
    setSending(true);
    try {
      await signOutHere(client);
    } catch (cause) {
      setError(cause);
      setSending(false);
    }
  };
  return (
    <div className="hf-stack">
      <Notice tone="caution" title={t("landing.otherTitle")}>
        {t("landing.other", { email: invitation.email, mine: me.email })}
      </Notice>
      {error !== null && <ProblemAlert error={error} />}
      <div className="hf-flow">
        <Button loading={isSending} onClick={() => void leave()}>
          {t("landing.signOut")}
        </Button>
        <Button variant="default" onClick={() => void navigate({ to: "/" })}>
          {t("landing.stay")}
        </Button>
      </div>
    </div>
  );
}

/** Addresses may differ in case alone. The box decides; this only chooses the form. */
function isSame(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase();
}
