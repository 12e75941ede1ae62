import { Button } from "@mantine/core";
import { useMemo } from "react";
import { t } from "@/i18n";
import { ChoiceField, FieldRow, FormFrame, SwitchField, TextField, useForm } from "@/ui/form";
import { currencies, guessCurrency, guessLocale, guessZone, locales, zones } from "./places";
import classes from "../identity/auth.module.css";

export interface WorkspaceAnswers {
  readonly name: string;
  readonly currency: string;
  readonly time_zone: string;
  readonly locale: string;
  readonly load_sample_data: boolean;
}

interface Props {
  readonly onBack: () => void;
  readonly onDone: (answers: WorkspaceAnswers, key: string) => Promise<void>;
  readonly newKey: () => string;
}

export function WorkspaceStep({ onBack, onDone, newKey }: Props) {
  const form = useForm<WorkspaceAnswers>({
    initial: {
      name: "",
      currency: guessCurrency(),
      time_zone: guessZone(),
      locale: guessLocale(),
      load_sample_data: false,
    },
    newKey,
    validate: (values) => ({ "workspace.name": values.name.trim() ? null : t("form.needed") }),
    send: (values, key) => onDone({ ...values, name: values.name.trim() }, key),
  });
  const choices = useMemo(
    () => ({ currencies: currencies(), zones: zones(), locales: locales() }),
    [],
  );
  return (
    <>
      <h1 className={classes.title}>{t("setup.workspace.title")}</h1>
      <p className={classes.lead}>{t("setup.workspace.lead")}</p>
      <FormFrame
        hasHint={false}
        form={form}
        label={t("setup.workspace.title")}
        submitLabel={t("setup.finish")}
        extra={
          <Button variant="default" onClick={onBack}>
            {t("ui.back")}
          </Button>
        }
      >
        <TextField
          form={form}
          name="name"
          path="workspace.name"
          label={t("setup.workspace.name")}
          autoFocus
          maxLength={80}
        />
        <FieldRow>
          <ChoiceField
            form={form}
            name="currency"
            path="workspace.currency"
            label={t("setup.workspace.currency")}
            data={choices.currencies}
            searchable
          />
          <ChoiceField
            form={form}
            name="time_zone"
            path="workspace.time_zone"
            label={t("setup.workspace.zone")}
            data={choices.zones}
            searchable
          />
        </FieldRow>
        <ChoiceField
          form={form}
          name="locale"
          path="workspace.locale"
          label={t("setup.workspace.locale")}
          data={choices.locales}
          searchable
        />
        <SwitchField
          form={form}
          name="load_sample_data"
          label={t("setup.workspace.sample")}
          help={t("setup.workspace.sampleHelp")}
        />
      </FormFrame>
    </>
  );
}
