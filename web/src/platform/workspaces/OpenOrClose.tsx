import { t } from "@/i18n";
import { DialogFoot } from "@/ui/DialogFoot";
import { LinkButton } from "@/ui/LinkButton";

interface Props {
  /** None where the box does not say which it is. */
  readonly workspace: string | null;
  readonly onClose: () => void;
}

/** The last line of a dialog that brought a workspace here: into it, or away. */
export function OpenOrClose({ workspace, onClose }: Props) {
  return (
    <DialogFoot onClose={onClose}>
      {workspace && (
        <LinkButton to="/w/$workspace" params={{ workspace }}>
          {t("workspaces.open")}
        </LinkButton>
      )}
    </DialogFoot>
  );
}
