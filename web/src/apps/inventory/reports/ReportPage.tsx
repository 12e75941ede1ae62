import { Button, Menu } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { IconDownload, IconLock } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { ActionsMenu } from "@/ui/ActionsMenu";
import { Page } from "@/ui/Page";
import { PrintButton } from "@/ui/PrintButton";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { saveFile } from "@/ui/saveFile";
import { EXPORT, LOCK } from "../permissions";
import { ChangedSince, type ReadReport } from "./ChangedSince";
import { LockDialog } from "./LockDialog";
import type { ReportFile } from "./queries";
import classes from "./reports.module.css";

interface Props {
  readonly title: string;
  /** The same report with all its rows. */
  readonly file: () => Promise<ReportFile>;
  readonly report: ReadReport;
  readonly children: ReactNode;
}

/** The frame of a report: the way to the others, paper, a file, and closing the books. */
export function ReportPage({ title, file, report, children }: Props) {
  const workspace = useWorkspace();
  const [locks, setLocks] = useState(false);
  const save = useMutation({
    mutationFn: file,
    onSuccess: ({ name, content }) => saveFile(name, content),
  });
  return (
    <Page
      title={title}
      tabTitle={title}
      layout="fill"
      actions={
        <>
          <PrintButton />
          {workspace.can(EXPORT) && (
            <Button
              variant="default"
              leftSection={<IconDownload size={16} aria-hidden />}
              loading={save.isPending}
              onClick={() => save.mutate()}
            >
              {t("reports.file")}
            </Button>
          )}
          {workspace.can(LOCK) && (
            <ActionsMenu label={t("reports.more")}>
              <Menu.Item
                leftSection={<IconLock size={16} aria-hidden />}
                onClick={() => setLocks(true)}
              >
                {t("lock.title")}
              </Menu.Item>
            </ActionsMenu>
          )}
        </>
      }
    >
      <Parts />
      {save.error && <ProblemAlert error={save.error} />}
      <ChangedSince report={report} />
      {children}
      {locks && <LockDialog onClose={() => setLocks(false)} />}
    </Page>
  );
}

function Parts() {
  const params = { workspace: useWorkspace().id };
  return (
    <nav className={classes.parts} aria-label={t("reports.parts")}>
      <Link
        to="/w/$workspace/inventory/reports"
        params={params}
        activeOptions={{ exact: true, includeSearch: false }}
        className={classes.part}
      >
        {t("valuation.title")}
      </Link>
      <Link
        to="/w/$workspace/inventory/reports/usage"
        params={params}
        activeOptions={{ includeSearch: false }}
        className={classes.part}
      >
        {t("used.title")}
      </Link>
      <Link
        to="/w/$workspace/inventory/reports/accuracy"
        params={params}
        activeOptions={{ includeSearch: false }}
        className={classes.part}
      >
        {t("accuracy.title")}
      </Link>
    </nav>
  );
}
