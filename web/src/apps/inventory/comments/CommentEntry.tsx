import { Menu } from "@mantine/core";
import { IconPencil, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import type { Comment } from "@/api/types";
import { t } from "@/i18n";
import { useMe } from "@/platform/identity/queries";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { ActionsMenu } from "@/ui/ActionsMenu";
import { asRefusal } from "@/ui/refusal";
import { Initials, When } from "@/ui/values";
import type { About } from "../about";
import { COMMENT, MODERATE } from "../permissions";
import { authorOf, nameOf } from "./author";
import { CommentBox } from "./CommentBox";
import { partsOf } from "./mentions";
import { changeComment, getComment } from "./queries";
import classes from "./comments.module.css";

interface Props {
  readonly about: About;
  readonly comment: Comment;
  readonly onChanged: () => Promise<void>;
  readonly onDelete: () => void;
}

/** One comment: who, when, what; and what the reader may do with it. */
export function CommentEntry({ about, comment, onChanged, onDelete }: Props) {
  const workspace = useWorkspace();
  const me = useMe();
  const author = authorOf(comment);
  // The version that is being changed; none while nobody changes it here.
  const [version, setVersion] = useState<number | null>(null);
  const isOwn = comment.author?.id === me.id;
  const mayChange = isOwn && workspace.can(COMMENT);
  const mayDelete = mayChange || (workspace.can(COMMENT) && workspace.can(MODERATE));
  const change = async (text: string) => {
    try {
      await changeComment(workspace.id, about, comment, version ?? comment.version, text);
    } catch (error) {
      // They see what it says by now above their own words, and may send those again.
      if (asRefusal(error).status === 412) {
        setVersion((await getComment(workspace.id, about, comment)).version);
        await onChanged();
      }
      throw error;
    }
    await onChanged();
    setVersion(null);
  };
  return (
    <li className={classes.entry}>
      <Initials name={author} seed={comment.author?.id ?? ""} />
      <div className={classes.said}>
        <div className={classes.head}>
          <bdi className={classes.author}>{author}</bdi>
          <span className={classes.when}>
            <When at={comment.created_at} />
            {comment.edited_at && (
              <>
                {" · "}
                {t("comments.edited")} <When at={comment.edited_at} />
              </>
            )}
          </span>
        </div>
        <Words comment={comment} myId={me.id} />
        {version !== null && (
          <CommentBox
            about={about}
            label={t("comments.change")}
            sendLabel={t("comments.save")}
            comment={comment}
            send={change}
            onCancel={() => setVersion(null)}
          />
        )}
      </div>
      {mayDelete && version === null && (
        <ActionsMenu label={t("comments.more", { name: author })} size={32}>
          {mayChange && (
            <Menu.Item
              leftSection={<IconPencil size={16} aria-hidden />}
              onClick={() => setVersion(comment.version)}
            >
              {t("ui.edit")}
            </Menu.Item>
          )}
          <Menu.Item leftSection={<IconTrash size={16} aria-hidden />} onClick={onDelete}>
            {t("comments.delete")}
          </Menu.Item>
        </ActionsMenu>
      )}
    </li>
  );
}

function Words({ comment, myId }: { readonly comment: Comment; readonly myId: string }) {
  if (!comment.text) return <p className="hf-note">{t("comments.erased")}</p>;
  return (
    <p className={classes.words} dir="auto">
      {partsOf(comment.text, comment.mentions).map((part, index) =>
        "words" in part ? (
          part.words
        ) : (
          <bdi
            key={index}
            className={classes.mention}
            data-own={part.person.id === myId || undefined}
          >
            @{nameOf(part.person.name)}
          </bdi>
        ),
      )}
    </p>
  );
}
