import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { MyWorkspace } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { errorsQuery } from "@/platform/errors/queries";
import { useMe } from "@/platform/identity/queries";
import { failedNow } from "@/platform/jobs/rules";
import { recentJobsQuery } from "@/platform/jobs/queries";
import { jobTitle } from "@/platform/jobs/words";
import { healthQuery } from "@/platform/monitoring/queries";
import { invitationsQuery } from "@/platform/people/queries";
import { helpQuery } from "@/platform/security/queries";
import { workspacesQuery } from "@/platform/workspaces/queries";
import { daysUntil } from "@/platform/workspaces/rules";
import type { Decision } from "./Decisions";

export type DecisionKind = "box" | "help" | "job" | "errors" | "workspace" | "invitation";

/** A deleted workspace is worth a word in its last days. */
const LAST_DAYS = 7;

/** What waits for this person here, worst first. */
export function useDecisions(workspace: MyWorkspace): Decision[] {
  return [
    ...useHelpRequests(workspace),
    ...useBoxTrouble(),
    ...useFailedJobs(workspace),
    ...useLeavingWorkspaces(),
    ...useInvitations(workspace),
  ];
}

function useHelpRequests(workspace: MyWorkspace): Decision[] {
  const me = useMe();
  const manages = workspace.permissions.includes("people.manage");
  const requests = useQuery({ ...helpQuery, enabled: me.is_operator || manages });
  const waiting = requests.data ?? [];
  if (waiting.length === 0) return [];
  return [
    {
      kind: "help",
      key: "help",
      tone: "caution",
      text: t("today.help", { count: waiting.length }),
      line: waiting.map((one) => one.user.name).join(", "),
      action: t("today.toHelp"),
      to: me.is_operator
        ? { to: "/box/security" }
        : { to: "/w/$workspace/security", params: { workspace: workspace.id } },
    },
  ];
}

function useBoxTrouble(): Decision[] {
  const { is_operator } = useMe();
  const format = useFormat();
  const health = useQuery({ ...healthQuery, enabled: is_operator, refetchOnMount: true });
  const errors = useInfiniteQuery({ ...errorsQuery(undefined), enabled: is_operator });
  const found: Decision[] = [];
  if (health.data && health.data.status !== "ok") {
    const failing = health.data.status === "failing";
    const details = Object.values(health.data.checks ?? {})
      .filter((check) => check.status !== "ok")
      .map((check) => check.detail ?? "")
      .filter(Boolean);
    found.push({
      kind: "box",
      key: "box",
      tone: failing ? "danger" : "caution",
      text: t(failing ? "today.boxFailing" : "today.boxTrouble"),
      // Two checks may say the same.
      line: format.inText([...new Set(details)].join(" ")),
      action: t("today.toSystem"),
      to: { to: "/system" },
    });
  }
  const open = (errors.data?.pages[0]?.items ?? []).filter((one) => !one.resolved_at);
  if (open.length > 0)
    found.push({
      kind: "errors",
      key: "errors",
      tone: "caution",
      text: t("today.errors", { count: open.length }),
      line: open[0]?.message ?? "",
      action: t("today.toErrors"),
      to: { to: "/box/errors" },
    });
  return found;
}

function useFailedJobs(workspace: MyWorkspace): Decision[] {
  const jobs = useQuery({
    ...recentJobsQuery(workspace.id),
    enabled: workspace.permissions.includes("jobs.read"),
  });
  return failedNow(jobs.data ?? []).map((job) => ({
    kind: "job",
    key: job.id,
    tone: "danger",
    text: t("today.jobFailed", { name: jobTitle(job) }),
    line: job.problem?.detail ?? "",
    action: t("today.toJob"),
    to: {
      to: "/w/$workspace/jobs",
      params: { workspace: workspace.id },
      search: { panel: job.id },
    },
  }));
}

function useLeavingWorkspaces(): Decision[] {
  const me = useMe();
  const format = useFormat();
  const isOwner = me.workspaces.some((one) => one.role === "owner");
  const list = useInfiniteQuery({
    ...workspacesQuery("deleted"),
    enabled: me.is_operator || isOwner,
  });
  return (list.data?.pages[0]?.items ?? [])
    .filter((one) => one.purge_at && daysUntil(one.purge_at, Date.now()) <= LAST_DAYS)
    .map((one) => ({
      kind: "workspace",
      key: one.id,
      tone: "caution",
      text: t("today.leaving", { name: one.name, date: format.date(one.purge_at ?? "") }),
      action: t("today.toWorkspaces"),
      to: { to: "/workspaces", search: { state: "deleted", panel: one.id } },
    }));
}

function useInvitations(workspace: MyWorkspace): Decision[] {
  const list = useInfiniteQuery({
    ...invitationsQuery(workspace.id),
    enabled: workspace.permissions.includes("people.manage"),
  });
  const waiting = (list.data?.pages[0]?.items ?? []).filter((one) => one.state === "waiting");
  if (waiting.length === 0) return [];
  return [
    {
      kind: "invitation",
      key: "invitations",
      tone: "info",
      text: t("today.invited", { count: waiting.length }),
      line: waiting.map((one) => one.email).join(", "),
      action: t("today.toPeople"),
      to: { to: "/w/$workspace/people", params: { workspace: workspace.id } },
    },
  ];
}
