import { useQueryClient } from "@tanstack/react-query";
import type { UserDetails } from "@/api/types";
import { t } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { toastDone } from "@/ui/toast";
import { ERASURES, eraseUser } from "./queries";
import classes from "./privacy.module.css";

interface Props {
  readonly user: UserDetails;
  readonly onClose: () => void;
  readonly onErased: () => Promise<void>;
}

/** Says what goes and what stays, and asks for the address: there is no way back. */
export function EraseDialog({ user, onClose, onErased }: Props) {
  const client = useQueryClient();
  const erase = async () => {
    await eraseUser(user.id, user.email);
    await client.invalidateQueries({ queryKey: [ERASURES] });
    toastDone(t("privacy.eraseBegun", { name: user.name }));
    await onErased();
  };
  return (
    <Confirm
      opened
      title={t("privacy.eraseTitle", { name: user.name })}
      confirmLabel={t("privacy.erase")}
      typed={user.email}
      onClose={onClose}
      onConfirm={erase}
    >
      <p className={classes.text}>{t("privacy.eraseText", { name: user.name })}</p>
      <ul className={classes.losses}>
        <li>{t("privacy.eraseAccount")}</li>
        <li>{t("privacy.eraseWritten")}</li>
        <li>{t("privacy.eraseNamed")}</li>
        <li>{t("privacy.eraseLogs")}</li>
      </ul>
      <p className={classes.text}>{t("privacy.eraseNoWay")}</p>
    </Confirm>
  );
}
