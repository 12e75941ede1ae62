import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { IconDeviceMobile, IconFingerprint } from "@tabler/icons-react";
import { useCallback, useEffect, useState } from "react";
import type { MyFactors } from "@/api/types";
import { t } from "@/i18n";
import { toastFailed } from "@/ui/toast";
import { AuthFrame } from "../AuthFrame";
import { meQuery, signOut, useMe } from "../queries";
import { BackupCodes } from "./BackupCodes";
import { PasskeySetup } from "./PasskeySetup";
import { myFactorsQuery } from "./queries";
import { TotpSetup } from "./TotpSetup";
import classes from "./factors.module.css";

interface Props {
  /** While the codes are on the screen it stays, whatever the account may do by then. */
  readonly onHold: (isHeld: boolean) => void;
}

/** All that is left to do here once the time to set up a second factor is over. */
export default function EnrolScreen({ onHold }: Props) {
  const client = useQueryClient();
  const [way, setWay] = useState<Way | null>(null);
  const factors = useQuery(myFactorsQuery);
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
  const back = useCallback(() => setWay(null), []);
  return (
    <AuthFrame isWide>
      <div className="hf-stack">
        <h1 className={classes.head}>{t(codes ? "backup.title" : "enrol.title")}</h1>
        {codes ? (
          <BackupCodes codes={codes} onDone={() => void finish().catch(toastFailed)} />
        ) : way === "passkey" ? (
          <PasskeySetup
            isOffered={factors.data?.passkeys_offered ?? false}
            origin={factors.data?.passkeys_origin ?? null}
            onEnrolled={enrolled}
            onCancel={back}
          />
        ) : way === "totp" ? (
          <TotpSetup onEnrolled={enrolled} onCancel={back} />
        ) : (
          <Why factors={factors.data} onGo={setWay} />
        )}
      </div>
    </AuthFrame>
  );
}

type Way = "totp" | "passkey";

function Why({
  factors,
  onGo,
}: {
  readonly factors: MyFactors | undefined;
  readonly onGo: (way: Way) => void;
}) {
  const me = useMe();
  return (
    <>
      <p className="hf-text">{t("enrol.why")}</p>
      <p className="hf-text">{t("enrol.how")}</p>
      <div className="hf-flow">
        <Button
          leftSection={<IconDeviceMobile size={17} aria-hidden />}
          onClick={() => onGo("totp")}
        >
          {t("enrol.app")}
        </Button>
        <Button
          variant="default"
          disabled={!factors}
          leftSection={<IconFingerprint size={17} aria-hidden />}
          onClick={() => onGo("passkey")}
        >
          {t("enrol.passkey")}
        </Button>
      </div>
      <div className={classes.foot}>
        <p className="hf-small">{t("enrol.as", { name: me.name, email: me.email })}</p>
        <button type="button" className="hf-link" onClick={() => void signOut().catch(toastFailed)}>
          {t("account.signOut")}
        </button>
      </div>
    </>
  );
}
