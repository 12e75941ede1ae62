import { useState } from "react";
import type { ResetLink, UserDetails } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { LinkDialog } from "../LinkDialog";
import { makeResetLink } from "./queries";

interface Props {
  readonly user: UserDetails;
  readonly onClose: () => void;
}

export function ResetLinkDialog({ user, onClose }: Props) {
  const format = useFormat();
  const [made, setMade] = useState<ResetLink | null>(null);
  const { name } = user;
  if (!made)
    return (
      <Confirm
        opened
        title={t("users.resetTitle", { name })}
        confirmLabel={t("users.resetConfirm")}
        isDanger={false}
        onConfirm={async () => setMade(await makeResetLink(user.id))}
        onClose={onClose}
      >
        {t("users.resetBody", { name })}
      </Confirm>
    );
  return (
    <LinkDialog
      title={t("users.linkTitle", { name })}
      link={made.link}
      text={t("users.linkText", { date: format.dateTime(made.expires_at) })}
      warning={t("users.linkOnce")}
      onClose={onClose}
    />
  );
}
