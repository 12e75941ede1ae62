import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { t } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { toastDone } from "@/ui/toast";
import { meQuery } from "../identity/queries";
import { leave } from "./queries";

interface Props {
  readonly workspace: { readonly id: string; readonly name: string };
  readonly onClose: () => void;
}

/** The last owner is told so by the box, in place. */
export function LeaveDialog({ workspace, onClose }: Props) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const go = async () => {
    await leave(workspace.id);
    await client.fetchQuery({ ...meQuery, staleTime: 0 });
    toastDone(t("people.left", { workspace: workspace.name }));
    await navigate({ to: "/", replace: true });
  };
  return (
    <Confirm
      opened
      title={t("people.leaveTitle", { workspace: workspace.name })}
      confirmLabel={t("people.leave")}
      onClose={onClose}
      onConfirm={go}
    >
      <div className="hf-stack">
        <p className="hf-text">{t("people.leaveBody")}</p>
        <p className="hf-text">{t("people.leaveKept")}</p>
      </div>
    </Confirm>
  );
}
