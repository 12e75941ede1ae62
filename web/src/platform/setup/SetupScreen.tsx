import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { newKey } from "@/api/client";
import { asProblem } from "@/api/problem";
import { setSessionKnown } from "@/api/session";
import { t } from "@/i18n";
import { SkeletonLines } from "@/ui/Skeleton";
import { AuthFrame } from "../identity/AuthFrame";
import { meQuery } from "../identity/queries";
import { takeToken } from "../identity/linkToken";
import { claimBox, setupQuery } from "./queries";
import { BoxStep } from "./BoxStep";
import { WelcomeStep } from "./WelcomeStep";
import { WorkspaceStep, type WorkspaceAnswers } from "./WorkspaceStep";
import { YouStep, type YouAnswers } from "./YouStep";
import classes from "../identity/auth.module.css";

const STEPS = ["welcome", "you", "box", "workspace"] as const;
type Step = (typeof STEPS)[number];

/** Four steps, one thing each. Nothing is sent before the last one, which does it all at once. */
export function SetupScreen() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { data: state } = useQuery(setupQuery);
  const [step, setStep] = useState<Step>("welcome");
  const [token, setToken] = useState(takeToken);
  const [you, setYou] = useState<YouAnswers>({ name: "", email: "", password: "" });
  const [boxName, setBoxName] = useState<string | null>(null);
  const [refused, setRefused] = useState<unknown>(null);
  useEffect(() => {
    document.title = `${t("setup.tab")} · Holdfast`;
  }, []);

  const finish = async (answers: WorkspaceAnswers, key: string) => {
    const { load_sample_data, ...workspace } = answers;
    try {
      const box_name = boxName ?? "";
      await claimBox({ token, box_name, operator: you, workspace, load_sample_data }, key);
    } catch (error) {
      const { code, fields } = asProblem(error);
      const isYou = fields.some((one) => one.field.startsWith("operator"));
      if (isYou || code.startsWith("setup-token")) {
        setRefused(error);
        setStep(isYou ? "you" : "welcome");
        return;
      }
      throw error;
    }
    setSessionKnown(true);
    client.setQueryData(setupQuery.queryKey, null);
    await client.fetchQuery({ ...meQuery, staleTime: 0 });
    await navigate({ to: "/", replace: true });
  };

  const go = (to: Step) => {
    setRefused(null);
    setStep(to);
  };
  return (
    <AuthFrame isWide>
      <Progress step={step} />
      {!state ? (
        <SkeletonLines count={4} />
      ) : step === "welcome" ? (
        <WelcomeStep
          token={token}
          refused={refused}
          onDone={(checked) => {
            setToken(checked);
            go("you");
          }}
        />
      ) : step === "you" ? (
        <YouStep
          answers={you}
          refused={refused}
          onBack={() => go("welcome")}
          onDone={(answers) => {
            setYou(answers);
            go("box");
          }}
        />
      ) : step === "box" ? (
        <BoxStep
          state={state}
          name={boxName ?? state.box_name_suggestion}
          onBack={() => go("you")}
          onDone={(name) => {
            setBoxName(name);
            go("workspace");
          }}
        />
      ) : (
        <WorkspaceStep onBack={() => go("box")} onDone={finish} newKey={newKey} />
      )}
    </AuthFrame>
  );
}

function Progress({ step }: { readonly step: Step }) {
  const now = STEPS.indexOf(step);
  return (
    <ol className={classes.steps} aria-label={t("setup.progress")}>
      {STEPS.map((name, index) => (
        <li
          key={name}
          className={classes.step}
          data-state={index < now ? "done" : index === now ? "now" : "later"}
          aria-current={index === now ? "step" : undefined}
        >
          {t(`setup.step.${name}`)}
        </li>
      ))}
    </ol>
  );
}
