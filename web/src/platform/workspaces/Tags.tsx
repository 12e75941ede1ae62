import { IconArchive, IconFileAlert, IconFlask, IconTrash } from "@tabler/icons-react";
import { t } from "@/i18n";
import { Tag, type TagTone } from "@/ui/Tag";
import { tagsOf, type WorkspaceTag } from "./rules";

const TONES: Readonly<Record<WorkspaceTag, TagTone>> = {
  sample: "info",
  archived: "caution",
  deleted: "danger",
  damaged: "danger",
};
const ICONS = {
  sample: IconFlask,
  archived: IconArchive,
  deleted: IconTrash,
  damaged: IconFileAlert,
};

/** What is out of the ordinary about a workspace: sample, archived, deleted, damaged. */
export function WorkspaceTags({
  workspace,
}: {
  readonly workspace: {
    readonly state: string;
    readonly is_sample: boolean;
    readonly damaged_at?: string | null;
  };
}) {
  return tagsOf(workspace).map((tag) => {
    const Symbol = ICONS[tag];
    return (
      <Tag key={tag} tone={TONES[tag]} icon={<Symbol size={13} aria-hidden />}>
        {t(`workspace.tag.${tag}`)}
      </Tag>
    );
  });
}
