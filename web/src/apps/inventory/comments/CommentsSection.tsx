import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { newKey } from "@/api/client";
import type { Comment } from "@/api/types";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Confirm } from "@/ui/Confirm";
import { Loaded } from "@/ui/Loaded";
import { MoreButton } from "@/ui/MoreButton";
import { Section } from "@/ui/Page";
import { toastDone } from "@/ui/toast";
import type { About } from "../about";
import { COMMENT } from "../permissions";
import { authorOf } from "./author";
import { CommentBox } from "./CommentBox";
import { CommentEntry } from "./CommentEntry";
import { addComment, commentsQuery, deleteComment } from "./queries";
import classes from "./comments.module.css";

const ANCHOR = "comments";

/** What people say about an item or an order, newest first, and a box to say more. */
export default function CommentsSection({ about }: { readonly about: About }) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const comments = useInfiniteQuery(commentsQuery(workspace.id, about));
  const [asked, setAsked] = useState<Comment | null>(null);
  const place = useAnchor(comments.isSuccess);
  const key = useRef(newKey());
  const refresh = () =>
    client.invalidateQueries({ queryKey: commentsQuery(workspace.id, about).queryKey });
  const add = async (text: string) => {
    await addComment(workspace.id, about, text, key.current);
    key.current = newKey();
    await refresh();
  };
  const count = comments.data?.pages.at(-1)?.total ?? 0;
  return (
    <div ref={place} id={ANCHOR} className={classes.place}>
      <Section
        title={t("comments.title")}
        aside={count > 0 && <span className="hf-dim">{t("comments.count", { count })}</span>}
      >
        {workspace.can(COMMENT) && (
          <CommentBox about={about} label={t("comments.write")} send={add} isEmptied />
        )}
        <Loaded query={comments} lines={2}>
          {({ pages }) => {
            const all = pages.flatMap((page) => page.items);
            if (all.length === 0) return <p className="hf-note">{t("comments.none")}</p>;
            return (
              <>
                <ul className={classes.list} aria-label={t("comments.title")}>
                  {all.map((comment) => (
                    <CommentEntry
                      key={comment.id}
                      about={about}
                      comment={comment}
                      onChanged={refresh}
                      onDelete={() => setAsked(comment)}
                    />
                  ))}
                </ul>
                <MoreButton of={comments} label={t("comments.older")} mt="sm" />
              </>
            );
          }}
        </Loaded>
      </Section>
      {asked && (
        <Confirm
          opened
          title={t("comments.deleteTitle", { name: authorOf(asked) })}
          confirmLabel={t("comments.delete")}
          onClose={() => setAsked(null)}
          onConfirm={async () => {
            await deleteComment(workspace.id, about, asked);
            await refresh();
            setAsked(null);
            toastDone(t("comments.deleted"));
          }}
        >
          {t("comments.deleteBody")}
        </Confirm>
      )}
    </div>
  );
}

/** A notice leads here: the comments come last, so they are gone to when they are there. */
function useAnchor(isThere: boolean) {
  const place = useRef<HTMLDivElement>(null);
  const isMeant = useLocation({ select: (location) => location.hash === ANCHOR });
  useEffect(() => {
    if (isThere && isMeant) place.current?.scrollIntoView({ block: "start" });
  }, [isThere, isMeant]);
  return place;
}
