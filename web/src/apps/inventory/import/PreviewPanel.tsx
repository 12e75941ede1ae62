import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { IconCircleCheck } from "@tabler/icons-react";
import { useState } from "react";
import type { ImportPreview, ImportResult } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { followJob } from "@/platform/jobs/followed";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Notice } from "@/ui/Notice";
import { Section } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { StateBlock } from "@/ui/StateBlock";
import { Tag, type TagTone } from "@/ui/Tag";
import { useIsPhone } from "@/ui/useIsPhone";
import { DataTable, PhoneRow, type Column } from "@/ui/table";
import { commitImport, commitImportLater, isLarge, type ImportKind } from "./queries";
import classes from "./import.module.css";

interface Props {
  readonly preview: ImportPreview;
  readonly kind: ImportKind;
  readonly fileName: string | null;
  readonly onBack: () => void;
  readonly onDone: (result: ImportResult) => void;
  /** A job goes on with it. */
  readonly onLater: () => void;
}

type RowError = ImportPreview["errors"][number];
type Sample = ImportPreview["sample"][number];

/** What the file would do, row for row, before anything is changed. */
export function PreviewPanel({ preview, kind, fileName, onBack, onDone, onLater }: Props) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const format = useFormat();
  const [error, setError] = useState<unknown>(null);
  const [isSending, setSending] = useState(false);
  const changes = preview.create + preview.update;
  const hasErrors = preview.errors_total > 0;

  const commit = async () => {
    if (isSending) return;
    setSending(true);
    setError(null);
    try {
      if (isLarge(preview)) {
        const job = await commitImportLater(workspace.id, preview.id);
        followJob(workspace.id, job.id);
        onLater();
        return;
      }
      const result = await commitImport(workspace.id, preview.id);
      void client.invalidateQueries({ queryKey: ["inventory", workspace.id] });
      onDone(result);
    } catch (cause) {
      setError(cause);
    } finally {
      setSending(false);
    }
  };

  return (
    <Section
      title={fileName ? t("import.previewOf", { file: fileName }) : t("import.preview")}
      aside={<Tag>{t(`import.kind.${kind}`)}</Tag>}
    >
      <div className={classes.choose}>
        <dl className={classes.counts}>
          <Count label={t("import.rows")} value={preview.rows} />
          <Count label={t("import.create")} value={preview.create} />
          <Count label={t("import.update")} value={preview.update} />
          <Count label={t("import.skip")} value={preview.skip} />
          <Count
            label={t("import.errors")}
            value={preview.errors_total}
            tone={hasErrors ? "danger" : undefined}
          />
        </dl>
        {preview.unused_columns.length > 0 && (
          <Notice tone="caution">
            {t("import.unused", { columns: preview.unused_columns.join(", ") })}
          </Notice>
        )}
        {hasErrors ? (
          <>
            <Notice tone="danger" title={t("import.hasErrors", { count: preview.errors_total })}>
              {t("import.hasErrorsBody")}
            </Notice>
            <ErrorTable preview={preview} />
            {preview.errors.length < preview.errors_total && (
              <p className="hf-dim" style={{ margin: 0 }}>
                {t("import.errorsShown", {
                  shown: format.integer(preview.errors.length),
                  total: format.integer(preview.errors_total),
                })}
              </p>
            )}
          </>
        ) : (
          <SampleTable sample={preview.sample} />
        )}
        {error !== null && <ProblemAlert error={error} />}
        <div className="hf-flow">
          <Button
            onClick={() => void commit()}
            loading={isSending}
            disabled={hasErrors || preview.rows === 0}
          >
            {changes > 0
              ? t(`import.commit.${kind}`, { count: changes })
              : t("import.commitNothing")}
          </Button>
          <Button variant="default" onClick={onBack}>
            {t("import.other")}
          </Button>
          <span className="hf-dim">
            {t(isLarge(preview) ? "import.oneStepLater" : "import.oneStep")}
          </span>
        </div>
      </div>
    </Section>
  );
}

function Count({
  label,
  value,
  tone,
}: {
  readonly label: string;
  readonly value: number;
  readonly tone?: "danger" | undefined;
}) {
  const format = useFormat();
  return (
    <div className={classes.count} data-tone={tone}>
      <dt>{label}</dt>
      <dd className="hf-number">{format.integer(value)}</dd>
    </div>
  );
}

function ErrorTable({ preview }: { readonly preview: ImportPreview }) {
  const rowPx = useIsPhone() ? PHONE_ROW_PX : ROW_PX;
  const columns: readonly Column<RowError>[] = [
    {
      id: "line",
      header: t("import.line"),
      width: "72px",
      align: "end",
      cell: (row) => <span className="hf-number">{row.line}</span>,
    },
    {
      id: "column",
      header: t("import.column"),
      width: "minmax(110px, 150px)",
      cell: (row) => <span className="hf-mono hf-clip">{row.column}</span>,
    },
    {
      id: "value",
      header: t("import.value"),
      width: "minmax(120px, 1fr)",
      cell: (row) => (
        <bdi className="hf-mono hf-clip" title={row.value ?? ""}>
          {row.value}
        </bdi>
      ),
    },
    {
      id: "reason",
      header: t("import.reason"),
      width: "minmax(220px, 2fr)",
      cell: (row) => (
        <span className="hf-clip" title={row.detail}>
          {row.detail}
        </span>
      ),
    },
  ];
  return (
    <div className={classes.table} style={{ maxHeight: preview.errors.length * rowPx + FRAME_PX }}>
      <DataTable
        label={t("import.errors")}
        columns={columns}
        rows={preview.errors}
        rowKey={(row) => `${row.line} ${row.column ?? ""} ${row.code}`}
        rowVersion={() => ""}
        scope={preview.id}
        phoneRowPx={PHONE_ROW_PX}
        phoneRow={(row) => (
          <PhoneRow
            wraps
            title={row.detail}
            line={[row.column, row.value].filter(Boolean).join(": ")}
            aside={t("import.lineNumber", { line: row.line })}
          />
        )}
        isLoading={false}
        error={null}
        isForbidden={false}
        empty={<StateBlock icon={IconCircleCheck} title={t("import.noErrors")} />}
      />
    </div>
  );
}

const ROW_PX = 40;
const PHONE_ROW_PX = 84;
const FRAME_PX = 80;
const TONES: Readonly<Record<string, TagTone>> = {
  create: "good",
  update: "info",
  skip: "plain",
  error: "danger",
};

/** What a person knows a row by comes first; the box sends columns by their letters. */
const COLUMNS = ["item_number", "code", "name", "location_code", "qty", "unit", "category"];

function place(column: string): number {
  const at = COLUMNS.indexOf(column);
  return at < 0 ? COLUMNS.length : at;
}

/** The first rows as they will stand afterwards. */
function SampleTable({ sample }: { readonly sample: readonly Sample[] }) {
  const names = [...new Set(sample.flatMap((row) => Object.keys(row.values)))].sort(
    (one, other) => place(one) - place(other),
  );
  if (sample.length === 0) return null;
  return (
    <div className={classes.sample} tabIndex={0} role="region" aria-label={t("import.sampleRows")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("import.line")}</th>
            <th scope="col">{t("import.action")}</th>
            {names.map((name) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sample.map((row) => (
            <tr key={row.line}>
              <td className="hf-number">{row.line}</td>
              <td>
                <Tag tone={TONES[row.action] ?? "plain"}>
                  {tDynamic(`import.action.${row.action}`, row.action)}
                </Tag>
              </td>
              {names.map((name) => (
                <td key={name}>
                  <bdi>{row.values[name] ?? ""}</bdi>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
