import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { MyWorkspace } from "@/api/types";
import { t } from "@/i18n";
import { readStored, writeStored } from "@/theme/appearance";
import { StepList, type Step } from "@/ui/StepList";
import { useMe } from "../identity/queries";
import { usersQuery } from "../people/users/queries";
import { backupsQuery, kitsQuery, targetsQuery } from "./queries";
import { safetyOf } from "./rules";

const AWAY = "yes";

/** On Today, for who operates the box: what it still needs. Put away by each once all is done. */
export default function SafetySteps({ workspace }: { readonly workspace: MyWorkspace }) {
  const me = useMe();
  const key = `holdfast.safe.${me.id}`;
  const [isAway, setAway] = useState(() => readStored(key) === AWAY);
  return isAway ? null : (
    <Steps
      workspace={workspace}
      onAway={() => {
        writeStored(key, AWAY);
        setAway(true);
      }}
    />
  );
}

function Steps({
  workspace,
  onAway,
}: {
  readonly workspace: MyWorkspace;
  readonly onAway: () => void;
}) {
  const { mfa } = useMe();
  const targets = useQuery(targetsQuery);
  const kits = useQuery(kitsQuery);
  const backups = useInfiniteQuery(backupsQuery);
  const users = useInfiniteQuery(usersQuery(""));
  // Nothing is said before all is known: a step that is done must not look open for a moment.
  if (!targets.data || !kits.data || !backups.data || !users.data) return null;
  const made = backups.data.pages.flatMap((page) => page.items);
  const safety = safetyOf(targets.data, kits.data.items, made);
  const people = users.data.pages.flatMap((page) => page.items).length;
  const toBackups = <Link to="/box/backups">{t("nav.backups")}</Link>;
  const steps: Step[] = [
    {
      key: "factor",
      isDone: mfa.enrolled,
      title: t("safe.factor"),
      text: t("safe.factorText"),
      action: <Link to="/account">{t("nav.account")}</Link>,
    },
    {
      key: "target",
      isDone: safety.hasTarget,
      title: t("safe.target"),
      text: t("safe.targetText"),
      action: toBackups,
    },
    {
      key: "kit",
      isDone: safety.isKitProved,
      title: t("safe.kit"),
      text: t("safe.kitText"),
      action: toBackups,
    },
    {
      key: "backup",
      isDone: safety.isVerified,
      title: t("safe.backup"),
      text: t("safe.backupText"),
      action: toBackups,
    },
    {
      key: "people",
      isDone: people > 1,
      title: t("safe.people"),
      text: t("safe.peopleText"),
      action: (
        <Link to="/w/$workspace/people" params={{ workspace: workspace.id }}>
          {t("nav.people")}
        </Link>
      ),
    },
  ];
  const isDone = steps.every((step) => step.isDone);
  return (
    <StepList
      title={t(isDone ? "safe.done" : "safe.title")}
      steps={steps}
      aside={
        isDone && (
          <Button size="compact-sm" variant="default" onClick={onAway}>
            {t("safe.away")}
          </Button>
        )
      }
    />
  );
}
