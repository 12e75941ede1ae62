import { IconClockX, IconLinkOff, IconUserCheck, type Icon } from "@tabler/icons-react";
import { newKey } from "@/api/client";
import { asProblem } from "@/api/problem";
import { t } from "@/i18n";
import { FormFrame, TextField, useForm } from "@/ui/form";
import { LinkButton } from "@/ui/LinkButton";
import { Notice } from "@/ui/Notice";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { StateBlock } from "@/ui/StateBlock";
import { bareToken } from "../linkToken";
import classes from "../auth.module.css";

interface Props {
  readonly error: unknown;
  readonly words: {
    readonly unknown?: string;
    readonly expired?: string;
    readonly failed: string;
  };
  readonly isSignedIn: boolean;
  readonly onRetry?: () => void;
}

/** A link that leads nowhere: why, in the box's own words, and the way on. */
export function LinkRefused({ error, words, isSignedIn, onRetry }: Props) {
  const { code, detail } = asProblem(error);
  const known: readonly [Icon, string] | null = code.endsWith("-unknown")
    ? [IconLinkOff, words.unknown ?? words.failed]
    : code.endsWith("-expired")
      ? [IconClockX, words.expired ?? words.failed]
      : code === "already-member"
        ? [IconUserCheck, words.failed]
        : null;
  const way = isSignedIn ? (
    <LinkButton to="/" variant="default">
      {t("landing.toBox")}
    </LinkButton>
  ) : (
    <LinkButton to="/sign-in" variant="default">
      {t("landing.toSignIn")}
    </LinkButton>
  );
  if (known)
    return (
      <StateBlock isPage icon={known[0]} title={known[1]} text={detail}>
        {way}
      </StateBlock>
    );
  return (
    <div className="hf-stack">
      <h1 className={classes.title}>{words.failed}</h1>
      <ProblemAlert error={error} onRetry={onRetry} />
      <div className="hf-flow">{way}</div>
    </div>
  );
}

/** For a link that lost its end on the way. */
export function PasteLink({
  title,
  onToken,
}: {
  readonly title: string;
  readonly onToken: (token: string) => void;
}) {
  const form = useForm({
    initial: { pasted: "" },
    newKey,
    validate: (values) => ({ pasted: bareToken(values.pasted) ? null : t("form.needed") }),
    send: async (values) => onToken(bareToken(values.pasted)),
  });
  return (
    <>
      <h1 className={classes.title}>{title}</h1>
      <FormFrame hasHint={false} form={form} label={title} submitLabel={t("landing.check")}>
        <Notice tone="caution">{t("landing.missing")}</Notice>
        <TextField form={form} name="pasted" label={t("landing.paste")} maxLength={600} autoFocus />
      </FormFrame>
    </>
  );
}
