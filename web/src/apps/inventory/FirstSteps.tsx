import { Button } from "@mantine/core";
import { IconCircle, IconCircleCheckFilled } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { readStored, writeStored } from "@/theme/appearance";
import { Section } from "@/ui/Page";
import { IMPORT, MOVE, WRITE } from "./permissions";
import classes from "./today.module.css";

interface Props {
  /** null: not known yet. */
  readonly itemCount: number | null;
  readonly placeCount: number | null;
  readonly movementCount: number | null;
}

const TRUST_KEY = "holdfast.trusted";

/** What a fresh workspace needs; stays on Today until all of it is done. */
export function FirstSteps({ itemCount, placeCount, movementCount }: Props) {
  const workspace = useWorkspace();
  const [isTrusted, setTrusted] = useState(() => readStored(TRUST_KEY) === "yes");
  if (
    itemCount === null ||
    placeCount === null ||
    movementCount === null ||
    !workspace.can(WRITE) ||
    !workspace.can(MOVE)
  )
    return null;
  const params = { workspace: workspace.id };
  const steps: { key: string; isDone: boolean; title: string; text: string; link: ReactNode }[] = [
    {
      key: "places",
      isDone: placeCount > 0,
      title: t("steps.places"),
      text: t("steps.placesText"),
      link: (
        <Link to="/w/$workspace/inventory/locations/new" params={params}>
          {t("action.newLocation")}
        </Link>
      ),
    },
    {
      key: "items",
      isDone: itemCount > 0,
      title: t("steps.items"),
      text: t("steps.itemsText"),
      link: workspace.can(IMPORT) ? (
        <Link to="/w/$workspace/inventory/import" params={params}>
          {t("action.import")}
        </Link>
      ) : (
        <Link to="/w/$workspace/inventory/items/new" params={params}>
          {t("action.newItem")}
        </Link>
      ),
    },
    {
      key: "receive",
      isDone: movementCount > 0,
      title: t("steps.receive"),
      text: t("steps.receiveText"),
      link: (
        <Link to="/w/$workspace/inventory/movements" params={params}>
          {t("nav.movements")}
        </Link>
      ),
    },
    {
      key: "trust",
      isDone: isTrusted,
      title: t("steps.trust"),
      text: t("steps.trustText"),
      link: (
        <span style={{ display: "inline-flex", gap: 12, alignItems: "center", flexWrap: "wrap" }}>
          <a href="/trust">{t("system.trust")}</a>
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => {
              writeStored(TRUST_KEY, "yes");
              setTrusted(true);
            }}
          >
            {t("steps.trustDone")}
          </Button>
        </span>
      ),
    },
  ];
  const done = steps.filter((step) => step.isDone).length;
  if (done === steps.length) return null;
  return (
    <Section
      title={t("steps.title")}
      aside={<span className="hf-dim">{t("steps.progress", { done, all: steps.length })}</span>}
    >
      <ol className={classes.steps}>
        {steps.map((step) => (
          <li key={step.key} className={classes.step} data-done={step.isDone || undefined}>
            {step.isDone ? (
              <IconCircleCheckFilled size={20} aria-label={t("steps.done")} />
            ) : (
              <IconCircle size={20} stroke={1.6} aria-label={t("steps.open")} />
            )}
            <span>
              <span className={classes.stepTitle}>{step.title}</span>
              {!step.isDone && <span className="hf-dim"> {step.text}</span>}
            </span>
            {!step.isDone && <span className={classes.stepLink}>{step.link}</span>}
          </li>
        ))}
      </ol>
    </Section>
  );
}
