import { t } from "@/i18n";
import { Notice } from "@/ui/Notice";
import { isPasskeyPlace } from "./webauthn";

interface Props {
  /** Where passkeys work; null where the box has no name for it. */
  readonly origin: string | null;
  /** The path to open there. */
  readonly path: string;
}

/** Says why no passkey works on this page, and where one does. */
export function PasskeyElsewhere({ origin, path }: Props) {
  return (
    <Notice tone="info" title={t("passkey.notHere")}>
      {origin === null ? (
        t("passkey.noName")
      ) : isPasskeyPlace(origin) ? (
        t("passkey.oldBrowser")
      ) : (
        <>
          {t("passkey.needsName")} <a href={`${origin}${path}`}>{origin}</a>
        </>
      )}
    </Notice>
  );
}
