import { Button } from "@mantine/core";
import {
  lazy,
  Suspense,
  useEffect,
  useRef,
  type FormEvent,
  type KeyboardEvent,
  type ReactNode,
} from "react";
import { t } from "@/i18n";
import { withTexts } from "@/withTexts";
import { Notice } from "../Notice";
import { ProblemAlert } from "../ProblemAlert";
import { CloseGuard } from "./LeaveGuard";
import type { Stale } from "./StaleNotice";
import { belongsTo, type Errors } from "./useForm";
import type { Form } from "./useForm";
import classes from "./form.module.css";

const StaleNotice = lazy(withTexts(() => import("./StaleNotice"), "merging"));

interface Props<V extends object> {
  readonly form: Form<V>;
  readonly label: string;
  readonly submitLabel: string;
  readonly children: ReactNode;
  /** Buttons beside the main one. */
  readonly extra?: ReactNode;
  readonly onCancel?: () => void;
  /** Codes the screen handles in place; they are not repeated on top. */
  readonly handles?: readonly string[];
  /** The ways on where somebody else saved meanwhile; without it the refusal is shown as it is. */
  readonly stale?: Stale<V> | undefined;
  readonly isBlocked?: boolean;
  /** Short forms need no word on keys. */
  readonly hasHint?: boolean;
}

/** A form: errors summed up on top, fields, one main button. Ctrl+Enter sends it. */
export function FormFrame<V extends object>({
  form,
  label,
  submitLabel,
  children,
  extra,
  onCancel,
  handles = [],
  stale,
  isBlocked = false,
  hasHint = true,
}: Props<V>) {
  const summary = useRef<HTMLDivElement>(null);
  const isStale = form.refusal?.status === 412 && stale !== undefined;
  const isHandled = isStale || (form.refusal !== null && handles.includes(form.refusal.code));
  const problems = isHandled ? 0 : Object.keys(form.errors).length;
  const failed = form.refusal !== null;
  useEffect(() => {
    if (problems > 0 || failed) summary.current?.scrollIntoView?.({ block: "nearest" });
  }, [problems, failed]);

  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (!isBlocked) void form.submit();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || isBlocked) return;
    event.preventDefault();
    void form.submit();
  };
  const shown =
    form.refusal && !isHandled && form.refusal.fields.length === 0 ? form.refusal : null;

  return (
    <form
      className={classes.form}
      onSubmit={onSubmit}
      onKeyDown={onKeyDown}
      noValidate
      aria-label={label}
    >
      <CloseGuard isDirty={form.isDirty && !form.isSending} />
      <div ref={summary} className={classes.top}>
        {problems > 0 && (
          <ErrorSummary errors={form.errors} labels={form.labels} fieldId={form.fieldId} />
        )}
        {shown && <ProblemAlert error={shown} />}
      </div>
      {isStale && (
        <Suspense>
          <StaleNotice form={form} stale={stale} />
        </Suspense>
      )}
      {children}
      <div className={classes.foot}>
        <Button type="submit" loading={form.isSending} disabled={isBlocked}>
          {submitLabel}
        </Button>
        {onCancel && (
          <Button variant="default" onClick={onCancel}>
            {t("ui.cancel")}
          </Button>
        )}
        {extra}
        {hasHint && <span className={classes.hint}>{t("form.saveHint")}</span>}
      </div>
    </form>
  );
}

function ErrorSummary({
  errors,
  labels,
  fieldId,
}: {
  readonly errors: Errors;
  readonly labels: ReadonlyMap<string, string>;
  readonly fieldId: (name: string) => string;
}) {
  const entries = Object.entries(errors);
  return (
    <Notice tone="danger" title={t("form.summary", { count: entries.length })}>
      <ul className={classes.summary}>
        {entries.map(([path, detail]) => {
          const field = [...labels.keys()].find((name) => belongsTo(path, name));
          const label = field ? labels.get(field) : path;
          return (
            <li key={path}>
              {field ? (
                <a
                  href={`#${fieldId(field)}`}
                  onClick={(event) => focusField(event, fieldId(field))}
                >
                  {label}
                </a>
              ) : (
                label
              )}
              : {detail}
            </li>
          );
        })}
      </ul>
    </Notice>
  );
}

function focusField(event: { preventDefault(): void }, id: string): void {
  event.preventDefault();
  document.getElementById(id)?.focus();
}

/** Fields side by side where there is room. */
export function FieldRow({ children }: { readonly children: ReactNode }) {
  return <div className={classes.row}>{children}</div>;
}
