import type { InvitationPreview } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Facts } from "@/ui/Facts";
import { roleMay, roleName } from "../../people/roles";
import classes from "../auth.module.css";

/** Who invites whom into what, and what that lets them do. */
export function InvitationFacts({ invitation }: { readonly invitation: InvitationPreview }) {
  const format = useFormat();
  const words = { workspace: invitation.workspace_name, box: invitation.box_name };
  return (
    <>
      <h1 className={classes.title} dir="auto">
        {t("landing.title", words)}
      </h1>
      <p className={classes.lead} dir="auto">
        {invitation.invited_by
          ? t("landing.by", { ...words, name: invitation.invited_by })
          : t("landing.byNobody", words)}
      </p>
      <div className={classes.facts}>
        <Facts
          facts={[
            {
              label: t("landing.as"),
              value: (
                <>
                  <div className="hf-strong">{roleName(invitation)}</div>
                  <div className="hf-dim">{roleMay(invitation.role)}</div>
                </>
              ),
            },
            { label: t("landing.for"), value: invitation.email },
            { label: t("landing.until"), value: format.dateTime(invitation.expires_at) },
          ]}
        />
      </div>
    </>
  );
}
