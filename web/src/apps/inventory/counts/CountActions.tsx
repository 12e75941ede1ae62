import { Button, Menu } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "@/api/client";
import type { Count } from "@/api/types";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { ActionsMenu } from "@/ui/ActionsMenu";
import { Confirm } from "@/ui/Confirm";
import { Dialog } from "@/ui/Dialog";
import { AreaField, FormFrame, useForm } from "@/ui/form";
import { LinkButton } from "@/ui/LinkButton";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { toastDone } from "@/ui/toast";
import { APPROVE, COUNT } from "../permissions";
import classes from "./counts.module.css";
import { wantsDecision } from "./lineColumns";
import {
  allLinesQuery,
  approveCount,
  cancelCount,
  rejectCount,
  submitCount,
  type Decisions,
} from "./queries";

interface Props {
  readonly count: Count;
  readonly decisions: Decisions;
}

type Ask = "submit" | "approve" | "reject" | "cancel" | null;

/** What can be done with a count by whoever looks at it. */
export function CountActions({ count, decisions }: Props) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const [ask, setAsk] = useState<Ask>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ["inventory", workspace.id] });
  const done = async (message: string | null) => {
    await refresh();
    setAsk(null);
    if (message) toastDone(message);
  };
  const isOpen = count.state === "open";
  const mayDecide = workspace.can(APPROVE) && (isOpen || count.state === "submitted");
  if (!mayDecide && !(isOpen && workspace.can(COUNT))) return null;
  return (
    <div className={classes.actions}>
      {isOpen && workspace.can(COUNT) && (
        <>
          <LinkButton
            to="/w/$workspace/inventory/counts/$count/enter"
            params={{ workspace: workspace.id, count: count.id }}
          >
            {t("counts.count")}
          </LinkButton>
          <Button
            variant="default"
            disabled={count.counted_lines === 0}
            onClick={() => setAsk("submit")}
          >
            {t("counts.submit")}
          </Button>
        </>
      )}
      {mayDecide && !isOpen && (
        <>
          <Button onClick={() => setAsk("approve")}>{t("counts.approve")}</Button>
          <Button variant="default" onClick={() => setAsk("reject")}>
            {t("counts.reject")}
          </Button>
        </>
      )}
      {mayDecide && (
        <ActionsMenu label={t("ui.more")} size={36}>
          <Menu.Item onClick={() => setAsk("cancel")}>{t("counts.cancel")}</Menu.Item>
        </ActionsMenu>
      )}
      <Confirm
        opened={ask === "submit"}
        title={t("counts.submitTitle")}
        confirmLabel={t("counts.submit")}
        isDanger={false}
        onConfirm={async () => {
          await submitCount(workspace.id, count.id);
          await done(t("counts.submitted"));
        }}
        onClose={() => setAsk(null)}
      >
        {t("counts.submitBody", { done: count.counted_lines, all: count.lines })}
      </Confirm>
      <Confirm
        opened={ask === "cancel"}
        title={t("counts.cancelTitle")}
        confirmLabel={t("counts.cancel")}
        cancelLabel={t("counts.keepIt")}
        onConfirm={async () => {
          await cancelCount(workspace.id, count.id);
          await done(null);
        }}
        onClose={() => setAsk(null)}
      >
        {t("counts.cancelBody")}
      </Confirm>
      {ask === "approve" && (
        <ApproveDialog
          count={count}
          decisions={decisions}
          onClose={() => setAsk(null)}
          onDone={async (isApplied) => {
            await done(t(isApplied ? "counts.approved" : "counts.approvedPart"));
          }}
        />
      )}
      {ask === "reject" && (
        <RejectDialog count={count} onClose={() => setAsk(null)} onDone={() => done(null)} />
      )}
    </div>
  );
}

function ApproveDialog({
  count,
  decisions,
  onClose,
  onDone,
}: {
  readonly count: Count;
  readonly decisions: Decisions;
  readonly onClose: () => void;
  readonly onDone: (isApplied: boolean) => Promise<void>;
}) {
  const workspace = useWorkspace();
  // What is about to be posted is told from what the box says now.
  const lines = useQuery({ ...allLinesQuery(workspace.id, count.id), refetchOnMount: "always" });
  const isReady = lines.isFetchedAfterMount && lines.isSuccess;
  const all = isReady ? lines.data.lines : [];
  const undecided = all.filter((line) => wantsDecision(line) && !decisions[line.id]).length;
  const chosen = all.map((line) => decisions[line.id]);
  const recounts = chosen.filter((one) => one === "recount").length;
  const posted = all.filter((line, index) => {
    const decision = chosen[index];
    if (decision) return decision === "keep_delta" || decision === "count_now";
    return line.state === "variance";
  }).length;
  const left = all.filter((line, index) => !line.counted && !chosen[index]).length;
  const texts = [
    t("counts.approveBody", { count: posted }),
    recounts > 0 ? t("counts.approveRecount", { count: recounts }) : "",
    left > 0 ? t("counts.approveLeft", { count: left }) : "",
  ];
  if (isReady && undecided > 0) {
    return (
      <Dialog onClose={onClose} title={t("counts.approveTitle")}>
        <p className="hf-text">{t("counts.undecided", { count: undecided })}</p>
        <Button mt="md" onClick={onClose}>
          {t("ui.close")}
        </Button>
      </Dialog>
    );
  }
  return (
    <Confirm
      opened
      title={t("counts.approveTitle")}
      confirmLabel={t("counts.approve")}
      isDanger={false}
      isReady={isReady}
      onConfirm={async () => {
        const after = await approveCount(workspace.id, count, decisions);
        await onDone(after.state === "applied");
      }}
      onClose={onClose}
    >
      {lines.error ? (
        <ProblemAlert error={lines.error} onRetry={() => void lines.refetch()} />
      ) : isReady ? (
        texts.filter(Boolean).join(" ")
      ) : (
        t("ui.loading")
      )}
    </Confirm>
  );
}

function RejectDialog({
  count,
  onClose,
  onDone,
}: {
  readonly count: Count;
  readonly onClose: () => void;
  readonly onDone: () => Promise<void>;
}) {
  const workspace = useWorkspace();
  const form = useForm({
    initial: { reason: "" },
    newKey,
    validate: (values) => ({ reason: values.reason.trim() ? null : t("form.needed") }),
    send: async ({ reason }) => {
      await rejectCount(workspace.id, count.id, reason.trim());
      await onDone();
    },
  });
  return (
    <Dialog onClose={onClose} title={t("counts.rejectTitle")} isWork size="md">
      <FormFrame
        form={form}
        label={t("counts.rejectTitle")}
        submitLabel={t("counts.reject")}
        onCancel={onClose}
        hasHint={false}
      >
        <AreaField form={form} name="reason" label={t("counts.reason")} maxLength={500} />
      </FormFrame>
    </Dialog>
  );
}
