import { Button } from "@mantine/core";
import { useId, useState } from "react";
import { t } from "@/i18n";
import { Dialog } from "../Dialog";
import { DialogFoot } from "../DialogFoot";
import { differences, merged, said, type Difference, type Newest, type Side } from "./merge";
import type { Form } from "./useForm";
import classes from "./merge.module.css";

interface Props<V extends object> {
  readonly form: Form<V>;
  readonly newest: Newest<V>;
  readonly onClose: () => void;
}

/** Two people changed the same thing: field by field, whose value is to be kept. */
export default function MergeDialog<V extends object>({ form, newest, onClose }: Props<V>) {
  const found = differences(form.base, form.values, newest.values);
  const [sides, setSides] = useState<Readonly<Record<string, Side | undefined>>>(() =>
    Object.fromEntries(found.map((one) => [one.name, one.by === "both" ? undefined : one.by])),
  );
  const open = found.filter((one) => sides[one.name] === undefined).length;
  const use = () => {
    newest.adopt();
    form.rebase(newest.values, merged(form.values, newest.values, sides));
    onClose();
  };
  return (
    <Dialog title={t("merge.title")} onClose={onClose} isWork>
      <p className={classes.intro}>{found.length === 0 ? t("merge.same") : t("merge.body")}</p>
      {found.map((one) => (
        <FieldChoice
          key={one.name}
          difference={one}
          label={labelOf(form, one.name)}
          say={(value) => newest.say?.(one.name, value) ?? said(value)}
          side={sides[one.name]}
          onChoose={(side) => setSides((old) => ({ ...old, [one.name]: side }))}
        />
      ))}
      <DialogFoot onClose={onClose}>
        <Button onClick={use} disabled={open > 0}>
          {open > 0 ? t("merge.open", { count: open }) : t("merge.use")}
        </Button>
      </DialogFoot>
    </Dialog>
  );
}

function FieldChoice({
  difference,
  label,
  say,
  side,
  onChoose,
}: {
  readonly difference: Difference;
  readonly label: string;
  readonly say: (value: unknown) => string;
  readonly side: Side | undefined;
  readonly onChoose: (side: Side) => void;
}) {
  const id = useId();
  const value = (one: unknown) => say(one) || t("merge.nothing");
  return (
    <fieldset className={classes.field} aria-describedby={`${id}-before`}>
      <legend>{label}</legend>
      <p id={`${id}-before`} className="hf-dim">
        {t("merge.before")} <bdi>{value(difference.base)}</bdi>
        {difference.by !== "both" && ` · ${t(`merge.by.${difference.by}`)}`}
      </p>
      {(["mine", "theirs"] as const).map((one) => (
        <label key={one} className={classes.choice}>
          <input type="radio" name={id} checked={side === one} onChange={() => onChoose(one)} />
          <span>
            {t(`merge.${one}`)} <bdi className={classes.value}>{value(difference[one])}</bdi>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function labelOf<V extends object>(form: Form<V>, name: string): string {
  const path = [...form.labels.keys()].find((one) => one === name || one.startsWith(`${name}_`));
  return (path ? form.labels.get(path) : undefined) ?? name;
}
