import { useCallback, useId, useMemo, useRef, useState } from "react";
import { asRefusal, wasCancelled, type Refusal } from "../refusal";

export type Errors = Readonly<Record<string, string>>;

export interface Form<V extends object> {
  readonly id: string;
  readonly values: V;
  /** What the form began with, or what was saved last. */
  readonly base: V;
  readonly errors: Errors;
  readonly refusal: Refusal | null;
  readonly isDirty: boolean;
  readonly isSending: boolean;
  /** Labels of the fields on the screen, for the summary. */
  readonly labels: Map<string, string>;
  set<K extends keyof V>(name: K, value: V[K]): void;
  reset(values: V): void;
  /** Goes on with `values` as changes to what somebody else saved. */
  rebase(base: V, values: V): void;
  clearRefusal(): void;
  submit(): Promise<void>;
  fieldId(name: string): string;
}

interface Options<V extends object> {
  readonly initial: V;
  readonly validate?: (values: V) => Record<string, string | null>;
  /** Sends the values. `key` stays the same while it is unknown whether the box got them. */
  readonly send: (values: V, key: string) => Promise<void>;
  readonly newKey: () => string;
}

/** Values, errors at fields, and a submit that cannot fire twice. */
export function useForm<V extends object>({
  initial,
  validate,
  send,
  newKey,
}: Options<V>): Form<V> {
  const [values, setValues] = useState(initial);
  const [base, setBase] = useState(initial);
  const [errors, setErrors] = useState<Errors>({});
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [isSending, setSending] = useState(false);
  const busy = useRef(false);
  const wasReset = useRef(false);
  const key = useRef<string | null>(null);
  const labels = useRef(new Map<string, string>());
  const id = useId();

  const set = useCallback(<K extends keyof V>(name: K, value: V[K]) => {
    setValues((old) => ({ ...old, [name]: value }));
    setErrors((old) => {
      const prefix = String(name);
      const kept = Object.entries(old).filter(([field]) => !belongsTo(field, prefix));
      return Object.fromEntries(kept);
    });
  }, []);

  const submit = useCallback(async () => {
    if (busy.current) return;
    const found = present(validate?.(values) ?? {});
    setErrors(found);
    setRefusal(null);
    if (Object.keys(found).length > 0) return;
    busy.current = true;
    setSending(true);
    key.current ??= newKey();
    wasReset.current = false;
    try {
      await send(values, key.current);
      key.current = null;
      // A form that was emptied for the next one is clean as it stands.
      if (!wasReset.current) setBase(values);
    } catch (cause) {
      if (wasCancelled(cause)) return;
      const refused = asRefusal(cause);
      // An answer settles the outcome; after a lost connection the same key makes a retry harmless.
      if (refused.status > 0) key.current = null;
      setRefusal(refused);
      setErrors(Object.fromEntries(refused.fields.map((one) => [one.field, one.detail])));
    } finally {
      busy.current = false;
      setSending(false);
    }
  }, [values, validate, send, newKey]);

  const reset = useCallback((next: V) => {
    wasReset.current = true;
    setValues(next);
    setBase(next);
    setErrors({});
    setRefusal(null);
  }, []);

  const rebase = useCallback((next: V, kept: V) => {
    setValues(kept);
    setBase(next);
    setErrors({});
    setRefusal(null);
  }, []);

  const isDirty = useMemo(() => JSON.stringify(values) !== JSON.stringify(base), [values, base]);
  const clearRefusal = useCallback(() => setRefusal(null), []);
  const fieldId = useCallback((name: string) => `${id}-${name}`, [id]);
  return {
    id,
    values,
    base,
    errors,
    refusal,
    isDirty,
    isSending,
    labels: labels.current,
    set,
    reset,
    rebase,
    clearRefusal,
    submit,
    fieldId,
  };
}

/** `barcodes[2]` and `operator.email` belong to `barcodes` and `operator`. */
export function belongsTo(path: string, field: string): boolean {
  return path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`);
}

export function errorOf(errors: Errors, field: string): string | undefined {
  return Object.entries(errors).find(([path]) => belongsTo(path, field))?.[1];
}

function present(errors: Record<string, string | null>): Record<string, string> {
  const entries = Object.entries(errors).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return Object.fromEntries(entries);
}
