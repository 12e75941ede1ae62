import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "@/api/client";
import { t, useFormat, type PlainKey } from "@/i18n";
import { CardsField, FormFrame, TextField, useForm } from "@/ui/form";
import { Confirm } from "@/ui/Confirm";
import { stateQuery } from "../queries";
import { undoOf, type Look, type Then, type UndoOf } from "./look";
import type { Wish } from "./RestoreDialog";

interface Props {
  readonly look: Look;
  /** The workspace somebody came for: it is to take its own place again. */
  readonly wanted: string | undefined;
  readonly onRestore: (wish: Wish) => Promise<void>;
  readonly onClose: () => void;
}

/** Which workspace, and whether it replaces what is there or stands beside it. */
export function ChooseRestore({ look, wanted, onRestore, onClose }: Props) {
  const format = useFormat();
  const [asked, setAsked] = useState<Wish | null>(null);
  const date = format.dateTime(look.takenAt);
  const trouble = useQuery(stateQuery).data?.trouble ?? [];
  const damaged = trouble.flatMap((one) => one.workspace_id ?? []);
  const found = look.workspaces.find((one) => one.id === wanted);
  const form = useForm({
    initial: {
      workspace: found?.id ?? look.workspaces[0]?.id ?? "",
      mode: found ? "in_place" : "as_new",
      name: "",
    },
    newKey,
    validate: (values) => ({
      name: values.mode === "in_place" || values.name.trim() ? null : t("form.needed"),
    }),
    send: async (values) => {
      const workspace = look.workspaces.find((one) => one.id === values.workspace);
      if (!workspace) return;
      if (values.mode === "in_place") return setAsked({ workspace, mode: "in_place", name: "" });
      await onRestore({ workspace, mode: "as_new", name: values.name.trim() });
    },
  });
  const chosen = look.workspaces.find((one) => one.id === form.values.workspace);
  return (
    <>
      <p className="hf-text">{t("restore.found", { date, version: look.version })}</p>
      <FormFrame
        hasHint={false}
        form={form}
        label={t("restore.title")}
        submitLabel={t("restore.begin")}
        onCancel={onClose}
      >
        <CardsField
          form={form}
          name="workspace"
          label={t("restore.workspace")}
          options={look.workspaces.map((one) => ({
            value: one.id,
            label: one.name,
            text: countsText(one),
          }))}
        />
        <CardsField
          form={form}
          name="mode"
          label={t("restore.how")}
          options={[
            { value: "as_new", label: t("restore.asNew"), text: t("restore.asNewText") },
            {
              value: "in_place",
              label: t("restore.inPlace"),
              text: t(IN_PLACE[undoOf(chosen, damaged)]),
            },
          ]}
        />
        {form.values.mode === "as_new" && (
          <TextField form={form} name="name" label={t("restore.name")} maxLength={80} />
        )}
      </FormFrame>
      {asked && (
        <Confirm
          opened
          title={t("restore.replaceTitle", { name: asked.workspace.name })}
          confirmLabel={t("restore.replace")}
          typed={asked.workspace.name}
          onClose={() => setAsked(null)}
          onConfirm={() => onRestore(asked)}
        >
          <p>{t("restore.replaceBody", { name: asked.workspace.name, date })}</p>
          <p>{countsText(asked.workspace)}</p>
          <p>{t(KEPT[undoOf(asked.workspace, damaged)])}</p>
        </Confirm>
      )}
    </>
  );
}

const IN_PLACE: Readonly<Record<UndoOf, PlainKey>> = {
  possible: "restore.inPlaceText",
  damaged: "restore.inPlaceDamaged",
  nothing: "restore.inPlaceNone",
};
const KEPT: Readonly<Record<UndoOf, PlainKey>> = {
  possible: "restore.replaceKept",
  damaged: "restore.replaceDamaged",
  nothing: "restore.inPlaceNone",
};

/** What it held, and what there is now. */
function countsText(one: Then): string {
  const then = t("restore.then", { rows: one.rows, entries: one.entries });
  if (one.rowsNow === null) return `${then} ${t("restore.noneNow")}`;
  return `${then} ${t("restore.now", { rows: one.rowsNow, entries: one.entriesNow ?? 0 })}`;
}
