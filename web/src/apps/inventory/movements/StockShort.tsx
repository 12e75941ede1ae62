import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { t, useFormat } from "@/i18n";
import { signOf } from "@/i18n/decimal";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Notice } from "@/ui/Notice";
import { asRefusal } from "@/ui/refusal";
import { ApiProblem } from "@/api/problem";
import { OVERRIDE } from "../permissions";

interface Props {
  readonly error: unknown;
  readonly unit: string;
  readonly place: string;
  readonly isSending: boolean;
  readonly onTake: (qty: string) => void;
  readonly onOverride: (reason: string) => void;
}

/** Too little there: says how much there is, offers to take that, or to go below with a reason. */
export function StockShort({ error, unit, place, isSending, onTake, onOverride }: Props) {
  const workspace = useWorkspace();
  const format = useFormat();
  const [reason, setReason] = useState("");
  const onHand = error instanceof ApiProblem ? error.extraText("on_hand") : null;
  return (
    <Notice
      tone="caution"
      title={
        onHand === null
          ? asRefusal(error).detail
          : t("short.title", { onHand: format.qty(onHand), unit, place })
      }
    >
      <div style={{ display: "grid", gap: 8, marginTop: 6 }}>
        {onHand !== null && signOf(onHand) > 0 && (
          <Button size="xs" variant="default" w="fit-content" onClick={() => onTake(onHand)}>
            {t("short.take", { onHand: format.qty(onHand), unit })}
          </Button>
        )}
        {workspace.can(OVERRIDE) ? (
          <div style={{ display: "flex", gap: 8, alignItems: "flex-end", flexWrap: "wrap" }}>
            <TextInput
              style={{ flex: "1 1 200px" }}
              label={t("short.reason")}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
              maxLength={300}
              autoComplete="off"
            />
            <Button
              variant="default"
              disabled={!reason.trim()}
              loading={isSending}
              onClick={() => onOverride(reason.trim())}
            >
              {t("short.override")}
            </Button>
          </div>
        ) : (
          <span>{t("short.hint")}</span>
        )}
      </div>
    </Notice>
  );
}

/** Whether this refusal is one that `StockShort` handles. */
export function isStockShort(error: unknown): boolean {
  return error instanceof ApiProblem && error.code === "stock-short";
}
