import { Button, Group } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Movement } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Dialog } from "@/ui/Dialog";
import { Facts } from "@/ui/Facts";
import { Money, Qty } from "@/ui/values";
import { MOVE } from "../permissions";
import { MovementTag } from "./MovementTag";
import { posterName } from "./poster";
import { ReverseDialog } from "./ReverseDialog";

/** One movement in full, and the way to take it back. */
export function MovementDetails({
  movement,
  onClose,
}: {
  readonly movement: Movement | null;
  readonly onClose: () => void;
}) {
  const workspace = useWorkspace();
  const [reversing, setReversing] = useState<Movement | null>(null);
  const canReverse = movement && workspace.can(MOVE) && !movement.reversed_by && !movement.reverses;
  return (
    <>
      <Dialog
        opened={movement !== null && reversing === null}
        onClose={onClose}
        title={t("movements.one")}
      >
        {movement && (
          <>
            <MovementFacts movement={movement} onLeave={onClose} />
            {canReverse && (
              <Group justify="flex-end" mt="md">
                <Button variant="default" onClick={() => setReversing(movement)}>
                  {t("movements.reverse")}
                </Button>
              </Group>
            )}
          </>
        )}
      </Dialog>
      {reversing && (
        <ReverseDialog
          movement={reversing}
          onClose={() => setReversing(null)}
          onDone={() => {
            setReversing(null);
            onClose();
          }}
        />
      )}
    </>
  );
}

function MovementFacts({
  movement,
  onLeave,
}: {
  readonly movement: Movement;
  readonly onLeave: () => void;
}) {
  const workspace = useWorkspace();
  const format = useFormat();
  return (
    <Facts
      facts={[
        { label: t("movements.type"), value: <MovementTag movement={movement} /> },
        {
          label: t("items.one"),
          value: (
            <Link
              to="/w/$workspace/inventory/items/$item"
              params={{ workspace: workspace.id, item: movement.item_id }}
              onClick={onLeave}
            >
              {movement.item_name}
            </Link>
          ),
        },
        {
          label: t("movements.place"),
          value: `${movement.location_name} · ${movement.location_code}`,
        },
        {
          label: t("movements.qty"),
          value: <Qty value={movement.qty} unit={movement.unit} signed />,
        },
        movement.unit_cost
          ? {
              label: t("items.costPer", { unit: movement.unit }),
              value: <Money value={movement.unit_cost} />,
            }
          : null,
        movement.value
          ? { label: t("items.value"), value: <Money value={movement.value} /> }
          : null,
        movement.reference ? { label: t("movements.reference"), value: movement.reference } : null,
        movement.note ? { label: t("movements.note"), value: movement.note } : null,
        movement.override_reason
          ? { label: t("movements.overrideReason"), value: movement.override_reason }
          : null,
        { label: t("movements.effectiveAt"), value: format.exact(movement.effective_at) },
        { label: t("movements.postedAt"), value: format.exact(movement.posted_at) },
        { label: t("movements.by"), value: posterName(movement) },
      ]}
    />
  );
}
