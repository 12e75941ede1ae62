import { Button, Checkbox } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "@/api/client";
import type { Order, Receipt } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Dialog } from "@/ui/Dialog";
import { FormFrame, TextField, useForm } from "@/ui/form";
import { Section } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { SkeletonLines } from "@/ui/Skeleton";
import { Tag } from "@/ui/Tag";
import { toastDone } from "@/ui/toast";
import { Money, Qty } from "@/ui/values";
import { MOVE } from "../permissions";
import { orderQuery, receiptsQuery, reverseReceipt } from "./queries";
import classes from "./orders.module.css";

/** What arrived of an order, van by van. */
export function Receipts({ order }: { readonly order: Order }) {
  const workspace = useWorkspace();
  const query = useQuery(receiptsQuery(workspace.id, order.id));
  const [taken, setTaken] = useState<Receipt | null>(null);
  return (
    <Section title={t("orders.receipts")}>
      {query.error && <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <SkeletonLines count={3} />}
      {query.data?.length === 0 && <p className="hf-note">{t("orders.noReceipts")}</p>}
      {query.data?.map((receipt) => (
        <ReceiptBlock key={receipt.id} receipt={receipt} onTakeBack={() => setTaken(receipt)} />
      ))}
      {taken && <TakeBack order={order} receipt={taken} onClose={() => setTaken(null)} />}
    </Section>
  );
}

function ReceiptBlock({
  receipt,
  onTakeBack,
}: {
  readonly receipt: Receipt;
  readonly onTakeBack: () => void;
}) {
  const workspace = useWorkspace();
  const format = useFormat();
  const isWhollyBack = receipt.lines.every((line) => line.reversed_by);
  const when = format.dateTime(receipt.received_at);
  const by = receipt.received_by?.name;
  return (
    <article className={classes.receipt} aria-label={when}>
      <header className={classes.receiptHead}>
        <span>
          {by ? t("orders.receiptBy", { when, name: by }) : when}
          {receipt.delivery_reference && (
            <bdi className="hf-dim"> · {receipt.delivery_reference}</bdi>
          )}
        </span>
        {workspace.can(MOVE) && !isWhollyBack && (
          <Button variant="default" size="xs" onClick={onTakeBack} className={classes.noPrint}>
            {t("orders.reverse")}
          </Button>
        )}
      </header>
      <ul className={classes.receiptLines}>
        {receipt.lines.map((line) => (
          <li key={line.movement_id} data-back={line.reversed_by ? true : undefined}>
            <span>
              <bdi>{line.item_name}</bdi>{" "}
              {line.reversed_by && <Tag tone="caution">{t("orders.reversed")}</Tag>}
            </span>
            <bdi className="hf-dim">{line.location_name}</bdi>
            <Qty value={line.qty} unit={line.unit} />
            <Money value={line.value} />
          </li>
        ))}
      </ul>
    </article>
  );
}

function TakeBack({
  order,
  receipt,
  onClose,
}: {
  readonly order: Order;
  readonly receipt: Receipt;
  readonly onClose: () => void;
}) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const format = useFormat();
  const left = receipt.lines.filter((line) => !line.reversed_by);
  const form = useForm<{ readonly chosen: readonly string[]; readonly note: string }>({
    initial: { chosen: left.length === 1 ? left.map((line) => line.movement_id) : [], note: "" },
    newKey,
    validate: (values) => ({
      movement_ids: values.chosen.length > 0 ? null : t("orders.reverseNone"),
    }),
    send: async (values) => {
      const note = values.note.trim();
      const after = await reverseReceipt(workspace.id, order.id, receipt.id, {
        movement_ids: [...values.chosen],
        ...(note ? { note } : {}),
      });
      if (after.order) {
        client.setQueryData(orderQuery(workspace.id, order.id).queryKey, after.order);
      }
      onClose();
      await client.invalidateQueries({ queryKey: ["inventory", workspace.id] });
      toastDone(t("orders.reversedDone"));
    },
  });
  form.labels.set("movement_ids", t("orders.reverse"));
  return (
    <Dialog onClose={onClose} title={t("orders.reverseTitle")}>
      <FormFrame
        form={form}
        label={t("orders.reverse")}
        submitLabel={t("orders.reverseSend")}
        onCancel={onClose}
        hasHint={false}
      >
        <p style={{ margin: 0 }}>{t("orders.reverseBody")}</p>
        <Checkbox.Group
          id={form.fieldId("movement_ids")}
          aria-label={t("orders.reverseTitle")}
          value={[...form.values.chosen]}
          onChange={(chosen) => form.set("chosen", chosen)}
          error={form.errors["movement_ids"]}
        >
          <div className={classes.choices}>
            {left.map((line) => (
              <Checkbox
                key={line.movement_id}
                value={line.movement_id}
                label={`${line.item_name} · ${format.qty(line.qty)} ${line.unit}`}
              />
            ))}
          </div>
        </Checkbox.Group>
        <TextField
          form={form}
          name="note"
          label={t("orders.reverseNote")}
          required={false}
          maxLength={500}
        />
      </FormFrame>
    </Dialog>
  );
}
