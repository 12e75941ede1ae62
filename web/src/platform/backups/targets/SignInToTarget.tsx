import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { BackupTarget } from "@/api/types";
import { t } from "@/i18n";
import { CopyText } from "@/ui/CopyText";
import { Dialog } from "@/ui/Dialog";
import { DialogFoot } from "@/ui/DialogFoot";
import { Lamp } from "@/ui/Lamp";
import { Loaded } from "@/ui/Loaded";
import { Notice } from "@/ui/Notice";
import { signInCodeQuery, signInStateQuery } from "./queries";

interface Props {
  readonly target: BackupTarget;
  /** On to the test of it. */
  readonly onTest: () => void;
  readonly onClose: () => void;
}

/** Lets the box into a drive by a code that is typed in any browser. */
export function SignInToTarget({ target, onTest, onClose }: Props) {
  const code = useQuery(signInCodeQuery(target.id));
  const state = useQuery({ ...signInStateQuery(target.id), enabled: code.data !== undefined });
  const outcome = state.data?.state;
  return (
    <Dialog isWork title={t("target.signInTitle", { name: target.name })} onClose={onClose}>
      <div className="hf-stack" aria-live="polite">
        <p className="hf-text">{t("target.signInBody")}</p>
        <Loaded query={code} lines={3}>
          {(shown) => (
            <>
              <a href={shown.verification_uri} target="_blank" rel="noreferrer">
                {shown.verification_uri}
              </a>
              <CopyText text={shown.user_code} label={t("target.signInCode")} />
            </>
          )}
        </Loaded>
        {outcome === "failed" && (
          <Notice tone="danger" title={t("target.signInFailed")}>
            <span lang="en">{state.data?.detail}</span>
          </Notice>
        )}
        {outcome === "waiting" && <p className="hf-note">{t("target.signInWaiting")}</p>}
        {outcome === "done" && <Lamp state="good" label={t("target.signInDone")} />}
        <DialogFoot onClose={onClose}>
          {outcome === "done" && <Button onClick={onTest}>{t("target.testNow")}</Button>}
          {outcome === "failed" && (
            <Button onClick={() => void code.refetch()}>{t("target.signInAgain")}</Button>
          )}
        </DialogFoot>
      </div>
    </Dialog>
  );
}
