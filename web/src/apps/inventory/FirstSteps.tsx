import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { readStored, writeStored } from "@/theme/appearance";
import { StepList, type Step } from "@/ui/StepList";
import { IMPORT, MOVE, WRITE } from "./permissions";

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
  const steps: Step[] = [
    {
      key: "places",
      isDone: placeCount > 0,
      title: t("steps.places"),
      text: t("steps.placesText"),
      action: (
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
      action: workspace.can(IMPORT) ? (
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
      action: (
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
      action: (
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
  return steps.every((step) => step.isDone) ? null : (
    <StepList title={t("steps.title")} steps={steps} />
  );
}
