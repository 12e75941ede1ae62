import { createRoute, lazyRouteComponent, type AnyRoute } from "@tanstack/react-router";
import { ORDER_STATUSES, type OrderFilter } from "@/apps/inventory/orders/queries";
import { oneOf, texts, type Search } from "./addresses";
import { withTexts } from "./withTexts";

/** The addresses of suppliers, orders and what is to be ordered. */
export function orderRoutes<Parent extends AnyRoute>(getParentRoute: () => Parent) {
  const suppliers = createRoute({
    getParentRoute,
    path: "inventory/suppliers",
    component: lazyRouteComponent(
      withTexts(() => import("@/apps/inventory/suppliers/SuppliersScreen"), "orders"),
      "SuppliersScreen",
    ),
  });

  const newSupplier = createRoute({
    getParentRoute,
    path: "inventory/suppliers/new",
    component: lazyRouteComponent(
      withTexts(() => import("@/apps/inventory/suppliers/SupplierFormScreen"), "orders"),
      "NewSupplierScreen",
    ),
  });

  const supplier = createRoute({
    getParentRoute,
    path: "inventory/suppliers/$supplier",
    component: lazyRouteComponent(
      withTexts(() => import("@/apps/inventory/suppliers/SupplierFormScreen"), "orders"),
      "SupplierScreen",
    ),
  });

  const low = createRoute({
    getParentRoute,
    path: "inventory/low",
    component: lazyRouteComponent(
      withTexts(() => import("@/apps/inventory/low/LowScreen"), "orders"),
      "LowScreen",
    ),
  });

  const orders = createRoute({
    getParentRoute,
    path: "inventory/orders",
    validateSearch: (search: Search): OrderFilter => ({
      ...texts(search, ["supplier_id"]),
      ...oneOf(search, "status", ORDER_STATUSES),
    }),
    component: lazyRouteComponent(
      withTexts(() => import("@/apps/inventory/orders/OrdersScreen"), "orders"),
      "OrdersScreen",
    ),
  });

  const newOrder = createRoute({
    getParentRoute,
    path: "inventory/orders/new",
    component: lazyRouteComponent(
      withTexts(() => import("@/apps/inventory/orders/OrderFormScreen"), "orders"),
      "NewOrderScreen",
    ),
  });

  const order = createRoute({
    getParentRoute,
    path: "inventory/orders/$order",
    component: lazyRouteComponent(
      withTexts(() => import("@/apps/inventory/orders/OrderScreen"), "orders"),
      "OrderScreen",
    ),
  });

  const editOrder = createRoute({
    getParentRoute,
    path: "inventory/orders/$order/edit",
    component: lazyRouteComponent(
      withTexts(() => import("@/apps/inventory/orders/OrderFormScreen"), "orders"),
      "EditOrderScreen",
    ),
  });
  return [low, suppliers, newSupplier, supplier, orders, newOrder, order, editOrder] as const;
}
