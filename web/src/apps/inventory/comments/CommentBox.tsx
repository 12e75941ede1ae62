import { Button } from "@mantine/core";
import { IconAt } from "@tabler/icons-react";
import { useId, useRef, useState, type KeyboardEvent } from "react";
import type { Comment } from "@/api/types";
import { t } from "@/i18n";
import { LeaveGuard } from "@/ui/form/LeaveGuard";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { wasCancelled } from "@/ui/refusal";
import type { About } from "../about";
import { decoded, encoded, lengthOf, type Chosen } from "./mentions";
import { PeopleList } from "./PeopleList";
import { usePeople } from "./usePeople";
import classes from "./comments.module.css";

const LENGTH_MAX = 4000;
/** So many characters before the end it is said how many are left. */
const LENGTH_SAID_FROM = 500;

interface Props {
  readonly about: About;
  readonly label: string;
  readonly sendLabel?: string;
  /** The comment that is changed; without one a new one is written. */
  readonly comment?: Comment;
  readonly send: (text: string) => Promise<void>;
  readonly onCancel?: () => void;
  /** Nothing is left in it once it was sent. */
  readonly isEmptied?: boolean;
}

/** A box to write in: plain text, @ mentions people, Ctrl or Cmd and Enter sends. */
export function CommentBox(props: Props) {
  const { about, label, sendLabel = t("comments.send"), comment, onCancel } = props;
  const [first] = useState(() => decoded(comment?.text ?? "", comment?.mentions ?? []));
  const [text, setText] = useState(first.text);
  const [chosen, setChosen] = useState<readonly Chosen[]>(first.chosen);
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const people = usePeople({ about, area, text, chosen, setText, setChosen });
  const sent = encoded(text, chosen);
  const left = LENGTH_MAX - lengthOf(sent);
  const isBlocked = isSending || left < 0 || text.trim() === "";
  const isDirty = text.trim() !== first.text && !isSending;

  const send = async () => {
    if (isBlocked) return;
    setSending(true);
    setError(null);
    try {
      await props.send(sent);
      if (props.isEmptied) {
        setText("");
        setChosen([]);
      }
    } catch (cause) {
      if (!wasCancelled(cause)) setError(cause);
    } finally {
      setSending(false);
    }
    area.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (people.onKeyDown(event)) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void send();
    } else if (event.key === "Escape" && onCancel && !isDirty) onCancel();
  };
  return (
    <div className={classes.box}>
      <LeaveGuard isDirty={isDirty} />
      <div className={classes.field}>
        <textarea
          ref={area}
          className={classes.area}
          value={text}
          rows={text.includes("\n") || text.length > 90 ? 4 : 2}
          onChange={(event) => {
            setText(event.currentTarget.value);
            people.look(event.currentTarget);
          }}
          onKeyDown={onKeyDown}
          onClick={(event) => people.look(event.currentTarget)}
          onBlur={people.close}
          readOnly={isSending}
          aria-label={label}
          aria-invalid={left < 0 || undefined}
          aria-describedby={`${id}-left`}
          aria-haspopup="listbox"
          aria-autocomplete="list"
          {...people.described(id)}
          placeholder={t("comments.placeholder")}
          autoFocus={comment !== undefined}
          dir="auto"
        />
        <PeopleList id={id} people={people} />
      </div>
      {error !== null && <ProblemAlert error={error} />}
      <div className={classes.foot}>
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<IconAt size={16} aria-hidden />}
          onClick={people.begin}
        >
          {t("comments.mention")}
        </Button>
        <span id={`${id}-left`} className={classes.left} data-over={left < 0 || undefined}>
          {left < 0 && t("comments.over", { count: -left })}
          {left >= 0 && left <= LENGTH_SAID_FROM && t("comments.left", { count: left })}
        </span>
        {onCancel && (
          <Button variant="default" size="sm" onClick={onCancel}>
            {t("ui.cancel")}
          </Button>
        )}
        <Button
          size="sm"
          loading={isSending}
          disabled={isBlocked}
          title={t("comments.keys")}
          onClick={() => void send()}
        >
          {sendLabel}
        </Button>
      </div>
    </div>
  );
}
