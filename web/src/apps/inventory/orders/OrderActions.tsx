import { Button, Menu } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { IconCopy, IconDownload, IconFileOff, IconPackageImport, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { newKey } from "@/api/client";
import type { Order } from "@/api/types";
import { t } from "@/i18n";
import { signOf } from "@/i18n/decimal";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { ActionsMenu } from "@/ui/ActionsMenu";
import { Confirm } from "@/ui/Confirm";
import { LinkButton } from "@/ui/LinkButton";
import { PrintButton } from "@/ui/PrintButton";
import { saveFile } from "@/ui/saveFile";
import { toastDone, toastFailed } from "@/ui/toast";
import { EXPORT, MOVE, WRITE } from "../permissions";
import { duplicateOrder, orderFile, orderQuery, stepOrder, type OrderStep } from "./queries";
import { ReceiveDialog } from "./ReceiveDialog";

/** What can be done with an order as it is now. */
export function OrderActions({ order }: { readonly order: Order }) {
  const workspace = useWorkspace();
  const [asked, setAsked] = useState<OrderStep | null>(null);
  const [receives, setReceives] = useState(false);
  const isDraft = order.status === "draft";
  return (
    <>
      <PrintButton />
      {isDraft && workspace.can(WRITE) && (
        <LinkButton
          to="/w/$workspace/inventory/orders/$order/edit"
          params={{ workspace: workspace.id, order: order.id }}
          variant="default"
        >
          {t("ui.edit")}
        </LinkButton>
      )}
      {isDraft && workspace.can(WRITE) && (
        <Button disabled={order.lines.length === 0} onClick={() => setAsked("submit")}>
          {t("orders.send")}
        </Button>
      )}
      {order.status === "submitted" && workspace.can(MOVE) && (
        <Button
          leftSection={<IconPackageImport size={16} aria-hidden />}
          onClick={() => setReceives(true)}
        >
          {t("orders.receive")}
        </Button>
      )}
      <MoreActions order={order} onAsk={setAsked} />
      {asked && <StepDialog order={order} step={asked} onClose={() => setAsked(null)} />}
      {receives && <ReceiveDialog order={order} onClose={() => setReceives(false)} />}
    </>
  );
}

function MoreActions({
  order,
  onAsk,
}: {
  readonly order: Order;
  readonly onAsk: (step: OrderStep) => void;
}) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const navigate = useNavigate();
  const copy = useMutation({
    mutationFn: () => duplicateOrder(workspace.id, order.id, newKey()),
    onError: toastFailed,
    onSuccess: async (made) => {
      void client.invalidateQueries({ queryKey: ["inventory", workspace.id, "orders"] });
      toastDone(t("orders.duplicated", { number: made.po_number }));
      await navigate({
        to: "/w/$workspace/inventory/orders/$order",
        params: { workspace: workspace.id, order: made.id },
      });
    },
  });
  const save = useMutation({
    mutationFn: () => orderFile(workspace.id, order),
    onError: toastFailed,
    onSuccess: ({ name, content }) => saveFile(name, content),
  });
  const isSent = order.status === "submitted";
  const hasNothing = order.receipt_state === "none";
  const canCancel = hasNothing && (isSent || order.status === "draft");
  return (
    <ActionsMenu label={t("orders.more")} size={36}>
      {workspace.can(WRITE) && (
        <Menu.Item leftSection={<IconCopy size={16} aria-hidden />} onClick={() => copy.mutate()}>
          {t("orders.duplicate")}
        </Menu.Item>
      )}
      {workspace.can(EXPORT) && (
        <Menu.Item
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={() => save.mutate()}
        >
          {t("orders.file")}
        </Menu.Item>
      )}
      {workspace.can(WRITE) && isSent && !hasNothing && (
        <Menu.Item
          leftSection={<IconFileOff size={16} aria-hidden />}
          onClick={() => onAsk("close")}
        >
          {t("orders.close")}
        </Menu.Item>
      )}
      {workspace.can(WRITE) && canCancel && (
        <Menu.Item leftSection={<IconX size={16} aria-hidden />} onClick={() => onAsk("cancel")}>
          {t("orders.cancel")}
        </Menu.Item>
      )}
    </ActionsMenu>
  );
}

function StepDialog({
  order,
  step,
  onClose,
}: {
  readonly order: Order;
  readonly step: OrderStep;
  readonly onClose: () => void;
}) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const number = order.po_number;
  const short = order.lines.filter((line) => signOf(line.remaining_qty) > 0).length;
  const words = {
    submit: {
      title: t("orders.sendTitle", { number }),
      body: t("orders.sendBody"),
      label: t("orders.send"),
      done: t("orders.sentDone", { number }),
    },
    close: {
      title: t("orders.closeTitle", { number }),
      body: t("orders.closeBody", { count: short }),
      label: t("orders.close"),
      done: t("orders.closed", { number }),
    },
    cancel: {
      title: t("orders.cancelTitle", { number }),
      body: t("orders.cancelBody"),
      label: t("orders.cancel"),
      done: t("orders.canceled", { number }),
    },
  }[step];
  const go = async () => {
    const after = await stepOrder(workspace.id, order.id, step);
    client.setQueryData(orderQuery(workspace.id, order.id).queryKey, after);
    onClose();
    await client.invalidateQueries({ queryKey: ["inventory", workspace.id] });
    toastDone(words.done);
  };
  return (
    <Confirm
      opened
      title={words.title}
      confirmLabel={words.label}
      isDanger={step !== "submit"}
      {...(step === "cancel" ? { cancelLabel: t("ui.close") } : {})}
      onConfirm={go}
      onClose={onClose}
    >
      {words.body}
    </Confirm>
  );
}
