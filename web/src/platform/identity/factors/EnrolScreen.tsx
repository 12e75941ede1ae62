import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { IconDeviceMobile } from "@tabler/icons-react";
import { useCallback, useEffect, useState } from "react";
import { t } from "@/i18n";
import { toastFailed } from "@/ui/toast";
import { AuthFrame } from "../AuthFrame";
import { meQuery, signOut, useMe } from "../queries";
import { BackupCodes } from "./BackupCodes";
import { TotpSetup } from "./TotpSetup";
import classes from "./factors.module.css";

interface Props {
  /** While the codes are on the screen it stays, whatever the account may do by then. */
  readonly onHold: (isHeld: boolean) => void;
}

/** All that is left to do here once the time to set up a second factor is over. */
export default function EnrolScreen({ onHold }: Props) {
  const client = useQueryClient();
  const [isSettingUp, setSettingUp] = useState(false);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  useEffect(() => {
    document.title = `${t("enrol.title")} · Holdfast`;
  }, []);
  const finish = async () => {
    await client.fetchQuery({ ...meQuery, staleTime: 0 });
    await client.invalidateQueries();
    onHold(false);
  };
  const enrolled = (fresh: readonly string[]) => {
    onHold(true);
    setCodes(fresh);
  };
  const back = useCallback(() => setSettingUp(false), []);
  return (
    <AuthFrame isWide>
      <div className={classes.stack}>
        <h1 className={classes.head}>{t(codes ? "backup.title" : "enrol.title")}</h1>
        {codes ? (
          <BackupCodes codes={codes} onDone={() => void finish().catch(toastFailed)} />
        ) : isSettingUp ? (
          <TotpSetup onEnrolled={enrolled} onCancel={back} />
        ) : (
          <Why onGo={() => setSettingUp(true)} />
        )}
      </div>
    </AuthFrame>
  );
}

function Why({ onGo }: { readonly onGo: () => void }) {
  const me = useMe();
  return (
    <>
      <p className={classes.text}>{t("enrol.why")}</p>
      <p className={classes.text}>{t("enrol.how")}</p>
      <div>
        <Button leftSection={<IconDeviceMobile size={17} aria-hidden />} onClick={onGo}>
          {t("enrol.app")}
        </Button>
      </div>
      <div className={classes.foot}>
        <p className={classes.small}>{t("enrol.as", { name: me.name, email: me.email })}</p>
        <button type="button" className="hf-link" onClick={() => void signOut().catch(toastFailed)}>
          {t("account.signOut")}
        </button>
      </div>
    </>
  );
}
