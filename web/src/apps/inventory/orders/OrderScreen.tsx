import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { Order, OrderLine } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { signOf } from "@/i18n/decimal";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Facts } from "@/ui/Facts";
import { Page, Section } from "@/ui/Page";
import { NoPermission } from "@/ui/StateBlock";
import { Money, Qty } from "@/ui/values";
import { Comments } from "../comments/Comments";
import { FilesSection } from "../files/FilesSection";
import { PRICES } from "../permissions";
import { OrderActions } from "./OrderActions";
import { OrderStatusTags } from "./OrderStatus";
import { orderQuery } from "./queries";
import { Receipts } from "./Receipts";
import classes from "./orders.module.css";

/** An order: what is ordered, what of it arrived, and what can be done now. */
export function OrderScreen() {
  const workspace = useWorkspace();
  const { order: id } = useParams({ from: "/frame/w/$workspace/inventory/orders/$order" });
  const query = useQuery({ ...orderQuery(workspace.id, id), enabled: workspace.can(PRICES) });
  const order = query.data;
  if (!workspace.can(PRICES)) {
    return (
      <Page title={t("orders.one")} tabTitle={t("orders.one")}>
        <NoPermission />
      </Page>
    );
  }
  return (
    <Page
      title={order ? <bdi>{order.po_number}</bdi> : t("orders.one")}
      tabTitle={order?.po_number ?? t("orders.one")}
      subtitle={order && <OrderStatusTags order={order} />}
      isLoading={query.isPending}
      error={query.error}
      onRetry={() => void query.refetch()}
      actions={order && <OrderActions order={order} />}
    >
      {order && (
        <>
          <OrderFacts order={order} />
          <Section title={t("orders.lines", { count: order.lines.length })}>
            {order.lines.length > 0 ? (
              <Lines order={order} />
            ) : (
              <p className="hf-note">{t("orders.noLines")}</p>
            )}
          </Section>
          {order.status !== "draft" && <Receipts order={order} />}
          <div className={classes.noPrint}>
            <FilesSection
              key={order.id}
              about={{ kind: "order", id: order.id }}
              title={t("orders.files")}
              name={order.po_number}
            />
          </div>
          <Comments about={{ kind: "order", id: order.id }} />
        </>
      )}
    </Page>
  );
}

function OrderFacts({ order }: { readonly order: Order }) {
  const format = useFormat();
  const expected = order.expected_on ? format.dayStart(order.expected_on) : undefined;
  const by = order.created_by?.name;
  const made = format.dateTime(order.created_at);
  return (
    <Facts
      facts={[
        { label: t("orders.supplier"), value: order.supplier_name || t("orders.noSupplier") },
        { label: t("orders.total"), value: <Money value={order.total_cost} /> },
        expected ? { label: t("orders.expected"), value: format.date(expected) } : null,
        {
          label: t("orders.made"),
          value: by ? t("orders.by", { when: made, name: by }) : made,
        },
        order.submitted_at
          ? { label: t("orders.sent"), value: format.dateTime(order.submitted_at) }
          : null,
        order.closed_at
          ? { label: t("orders.ended"), value: format.dateTime(order.closed_at) }
          : null,
        order.notes ? { label: t("orders.notes"), value: order.notes } : null,
      ]}
    />
  );
}

/** What arrived stands before what it costs: on a phone that is what somebody looks for. */
function Lines({ order }: { readonly order: Order }) {
  const showsArrived = order.status !== "draft";
  return (
    <div className={classes.scroll}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">{t("orders.item")}</th>
            <th scope="col" data-end>
              {t("orders.qty")}
            </th>
            {showsArrived && (
              <>
                <th scope="col" data-end>
                  {t("orders.received")}
                </th>
                <th scope="col" data-end>
                  {t("orders.left")}
                </th>
              </>
            )}
            <th scope="col" data-end>
              {t("orders.price")}
            </th>
            <th scope="col" data-end>
              {t("orders.value")}
            </th>
          </tr>
        </thead>
        <tbody>
          {order.lines.map((line) => (
            <Line key={line.id} line={line} showsArrived={showsArrived} />
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={showsArrived ? 5 : 3}>
              {t("orders.total")}
            </th>
            <td data-end>
              <Money value={order.total_cost} />
            </td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

function Line({
  line,
  showsArrived,
}: {
  readonly line: OrderLine;
  readonly showsArrived: boolean;
}) {
  const isShort = signOf(line.remaining_qty) > 0;
  return (
    <tr>
      <th scope="row">
        <bdi>{line.item_name}</bdi>
        <span className={classes.sub}>
          <bdi className="hf-mono">{line.supplier_sku || line.item_number}</bdi>
          {line.note && <bdi>{line.note}</bdi>}
        </span>
      </th>
      <td data-end>
        <Qty value={line.req_qty} unit={line.unit} />
      </td>
      {showsArrived && (
        <>
          <td data-end>
            <Qty value={line.received_qty} unit={line.unit} />
          </td>
          <td data-end>{isShort && <Qty value={line.remaining_qty} unit={line.unit} />}</td>
        </>
      )}
      <td data-end>
        <Money value={line.unit_price} />
      </td>
      <td data-end>
        <Money value={line.value} />
      </td>
    </tr>
  );
}
