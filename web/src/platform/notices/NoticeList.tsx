import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import type { Notice } from "@/api/types";
import { t } from "@/i18n";
import { toastFailed } from "@/ui/toast";
import { When } from "@/ui/values";
import { useMe } from "../identity/queries";
import { pageOf } from "./link";
import { markRead } from "./queries";
import classes from "./notices.module.css";

interface Props {
  readonly notices: readonly Notice[];
  /** The person goes where a notice leads. */
  readonly onLeave?: () => void;
}

/** Notices, newest first; opening one counts as having read it. */
export function NoticeList({ notices, onLeave }: Props) {
  return (
    <ul className={classes.list} aria-label={t("bell.title")}>
      {notices.map((notice) => (
        <Row key={notice.id} notice={notice} {...(onLeave ? { onLeave } : {})} />
      ))}
    </ul>
  );
}

function Row({ notice, onLeave }: { readonly notice: Notice; readonly onLeave?: () => void }) {
  const me = useMe();
  const client = useQueryClient();
  const router = useRouter();
  const page = pageOf(notice.link);
  const place = me.workspaces.find((one) => one.id === notice.workspace_id)?.name;
  const open = () => {
    void markRead(client, notice).catch(toastFailed);
    if (!page) return;
    onLeave?.();
    router.history.push(page);
  };
  return (
    <li className={classes.notice} data-unread={!notice.read_at || undefined}>
      <button type="button" className={classes.open} onClick={open}>
        <span className={classes.what}>
          {!notice.read_at && (
            <span className={classes.dot} role="img" aria-label={t("bell.new")} />
          )}
          <bdi translate="no">{notice.title}</bdi>
        </span>
        {notice.detail && (
          <bdi className={classes.detail} dir="auto" translate="no">
            {notice.detail}
          </bdi>
        )}
      </button>
      <span className={classes.when}>
        <When at={notice.at} />
        {place && (
          <>
            {" · "}
            <bdi>{place}</bdi>
          </>
        )}
      </span>
    </li>
  );
}
