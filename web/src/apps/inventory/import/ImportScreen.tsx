import { Button, FileButton, SegmentedControl, Switch, Textarea } from "@mantine/core";
import { useSearch } from "@tanstack/react-router";
import { IconFileSpreadsheet, IconUpload } from "@tabler/icons-react";
import { useState, type DragEvent } from "react";
import type { ImportPreview, ImportResult } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Page, Section } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { NoPermission } from "@/ui/StateBlock";
import { useIsPhone } from "@/ui/useIsPhone";
import { EXPORT, IMPORT } from "../permissions";
import { ExportSection } from "./ExportSection";
import { ImportDone, ImportLater } from "./ImportDone";
import { PreviewPanel } from "./PreviewPanel";
import { IMPORT_KINDS, mayBring, previewImport, sampleAddress, type ImportKind } from "./queries";
import classes from "./import.module.css";

const SIZE_BYTES_MAX = 16 * 1024 * 1024;

export function ImportScreen() {
  const workspace = useWorkspace();
  return (
    <Page title={t("import.title")} tabTitle={t("import.title")} subtitle={t("import.lead")}>
      {workspace.can(IMPORT) ? <ImportWizard /> : !workspace.can(EXPORT) && <NoPermission />}
      {workspace.can(EXPORT) && <ExportSection />}
    </Page>
  );
}

function ImportWizard() {
  const workspace = useWorkspace();
  const { separators } = useFormat();
  const isPhone = useIsPhone();
  const search = useSearch({ from: "/frame/w/$workspace/inventory/import" });
  const [kind, setKind] = useState<ImportKind>(search.kind ?? "items");
  const [decimalComma, setDecimalComma] = useState(separators.point === ",");
  const [fileName, setFileName] = useState<string | null>(null);
  const [preview, setPreview] = useState<ImportPreview | null>(null);
  const [result, setResult] = useState<ImportResult | null>(null);
  const [isLater, setLater] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [isReading, setReading] = useState(false);

  const read = async (csv: string, name: string | null) => {
    setReading(true);
    setError(null);
    setPreview(null);
    setFileName(name);
    try {
      setPreview(await previewImport(workspace.id, kind, csv, decimalComma));
    } catch (cause) {
      setError(cause);
    } finally {
      setReading(false);
    }
  };
  const restart = () => {
    setPreview(null);
    setResult(null);
    setLater(false);
    setError(null);
    setFileName(null);
  };

  if (isLater) return <ImportLater onAgain={restart} />;
  if (result) return <ImportDone kind={kind} result={result} onAgain={restart} />;
  if (preview)
    return (
      <PreviewPanel
        preview={preview}
        kind={kind}
        fileName={fileName}
        onBack={restart}
        onDone={setResult}
        onLater={() => setLater(true)}
      />
    );
  return (
    <Section title={t("import.choose")}>
      <div className={classes.choose}>
        <SegmentedControl
          aria-label={t("import.kind")}
          value={kind}
          onChange={setKind}
          orientation={isPhone ? "vertical" : "horizontal"}
          size={isPhone ? "md" : "sm"}
          fullWidth={isPhone}
          data={IMPORT_KINDS.filter((one) => mayBring(workspace, one)).map((value) => ({
            value,
            label: t(`import.kind.${value}`),
          }))}
          style={{ alignSelf: isPhone ? "stretch" : "flex-start", maxWidth: "100%" }}
        />
        <p className="hf-dim" style={{ margin: 0 }}>
          {t(`import.about.${kind}`)}{" "}
          <a href={sampleAddress(kind)} download={`${kind}-sample.csv`} data-own-click>
            {t("import.sample")}
          </a>
        </p>
        <Switch
          label={t("import.comma")}
          checked={decimalComma}
          onChange={(event) => setDecimalComma(event.currentTarget.checked)}
        />
        <SourceBox
          isReading={isReading}
          onText={(csv, name) => void read(csv, name)}
          onRefused={setError}
        />
        {error !== null && <ProblemAlert error={error} />}
      </div>
    </Section>
  );
}

interface SourceProps {
  readonly isReading: boolean;
  readonly onText: (csv: string, name: string | null) => void;
  readonly onRefused: (error: unknown) => void;
}

/** Drop a file, choose one, or paste rows. */
function SourceBox({ isReading, onText, onRefused }: SourceProps) {
  const format = useFormat();
  const [isOver, setOver] = useState(false);
  const [pasted, setPasted] = useState("");
  const take = async (file: File | null | undefined) => {
    if (!file) return;
    if (file.size > SIZE_BYTES_MAX) {
      onRefused(
        new Error(
          t("import.tooLarge", {
            size: format.bytes(file.size),
            limit: format.bytes(SIZE_BYTES_MAX),
          }),
        ),
      );
      return;
    }
    onText(await file.text(), file.name);
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void take(event.dataTransfer.files[0]);
  };
  return (
    <>
      <div
        className={classes.drop}
        data-over={isOver || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={onDrop}
      >
        <IconFileSpreadsheet size={30} stroke={1.4} aria-hidden />
        <span>{t("import.drop")}</span>
        <FileButton
          accept=".csv,.tsv,.txt,text/csv,text/plain"
          onChange={(file) => void take(file)}
          inputProps={{ "aria-label": t("import.file") }}
        >
          {(props) => (
            <Button
              {...props}
              loading={isReading}
              leftSection={<IconUpload size={16} aria-hidden />}
            >
              {t("import.file")}
            </Button>
          )}
        </FileButton>
        <span className="hf-dim">{t("import.limits")}</span>
      </div>
      <details>
        <summary className={classes.pasteTitle}>{t("import.paste")}</summary>
        <Textarea
          aria-label={t("import.paste")}
          value={pasted}
          onChange={(event) => setPasted(event.currentTarget.value)}
          autosize
          minRows={5}
          maxRows={14}
          classNames={{ input: "hf-mono" }}
          mt={8}
          spellCheck={false}
        />
        <Button
          mt={8}
          variant="default"
          disabled={!pasted.trim()}
          loading={isReading}
          onClick={() => onText(pasted, null)}
        >
          {t("import.check")}
        </Button>
      </details>
    </>
  );
}
