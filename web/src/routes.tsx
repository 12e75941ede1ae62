import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import type { ItemFilter } from "@/apps/inventory/items/queries";
import {
  MOVEMENT_TYPES,
  type MovementFilter,
  type MovementType,
} from "@/apps/inventory/movements/queries";
import {
  ACCURACY,
  COUNTING,
  COUNTS,
  IMPORTING,
  ONE_COUNT,
  USAGE,
  VALUATION,
} from "@/apps/inventory/screens";
import type { StockFilter } from "@/apps/inventory/stock/queries";
import type { AboutSearch } from "@/platform/about/AboutScreen";
import { PART_KINDS } from "@/platform/about/fits";
import { FILTER_NAMES, type AuditFilter } from "@/platform/audit/filter";
import type { BackupsSearch } from "@/platform/backups/BackupsScreen";
import type { JobsSearch } from "@/platform/jobs/JobsScreen";
import { JOB_STATES } from "@/platform/jobs/queries";
import type { ErrorsSearch } from "@/platform/errors/ErrorsScreen";
import { LOG_KINDS, LOG_LEVELS, type LogFilter } from "@/platform/logs/queries";
import { ERROR_KINDS } from "@/platform/errors/queries";
import { loadTexts } from "@/i18n";
import { meQuery } from "@/platform/identity/queries";
import { SignInGate } from "@/platform/identity/SignInGate";
import type { DeliverySearch } from "@/platform/notices/box/DeliveryScreen";
import { OUTBOX_STATES } from "@/platform/notices/box/queries";
import type { NoticesSearch } from "@/platform/notices/NoticesScreen";
import type { PeopleSearch } from "@/platform/people/PeopleScreen";
import type { UsersSearch } from "@/platform/people/users/UsersScreen";
import type { RecycleSearch } from "@/platform/recycle/RecycleScreen";
import type { SearchSearch } from "@/platform/search/SearchScreen";
import { setupQuery } from "@/platform/setup/queries";
import { STATES } from "@/platform/workspaces/queries";
import { lastWorkspace } from "@/platform/workspaces/WorkspaceContext";
import type { WorkspacesSearch } from "@/platform/workspaces/WorkspacesScreen";
import { BootFailed, NotFound } from "@/shell/Fallbacks";
import { flag, oneOf, texts, type Search } from "./addresses";
import { orderRoutes } from "./orderRoutes";
import { withTexts } from "./withTexts";

interface Context {
  readonly client: QueryClient;
}

const root = createRootRouteWithContext<Context>()({
  component: () => (
    <>
      <Outlet />
      <SignInGate />
    </>
  ),
  errorComponent: ({ error }) => <BootFailed error={error} />,
  notFoundComponent: NotFound,
});

const setup = createRoute({
  getParentRoute: () => root,
  path: "setup",
  beforeLoad: async ({ context }) => {
    if (!(await context.client.ensureQueryData(setupQuery)))
      throw redirect({ to: "/", replace: true });
  },
  component: lazyRouteComponent(() => import("@/platform/setup/SetupScreen"), "SetupScreen"),
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "sign-in",
  validateSearch: (search: Search): { next?: string } => texts(search, ["next"]),
  beforeLoad: async ({ context, search }) => {
    const [unclaimed, me] = await boot(context.client);
    if (unclaimed) throw redirect({ to: "/setup", replace: true });
    if (me)
      throw redirect({ to: search.next?.startsWith("/w/") ? search.next : "/", replace: true });
  },
  component: lazyRouteComponent(() => import("@/platform/identity/SignInScreen"), "SignInScreen"),
});

/** Where links lead that were passed to a person; who holds them is found out there. */
const invitation = createRoute({
  getParentRoute: () => root,
  path: "invitation",
  beforeLoad: async ({ context }) => {
    const [unclaimed] = await boot(context.client);
    if (unclaimed) throw redirect({ to: "/setup", replace: true });
  },
  component: lazyRouteComponent(
    () => import("@/platform/identity/landing/InvitationScreen"),
    "InvitationScreen",
  ),
});

const reset = createRoute({
  getParentRoute: () => root,
  path: "reset",
  beforeLoad: async ({ context }) => {
    const [unclaimed] = await boot(context.client);
    if (unclaimed) throw redirect({ to: "/setup", replace: true });
  },
  component: lazyRouteComponent(
    () => import("@/platform/identity/landing/ResetScreen"),
    "ResetScreen",
  ),
});

const register = createRoute({
  getParentRoute: () => root,
  path: "register",
  beforeLoad: async ({ context }) => {
    const [unclaimed] = await boot(context.client);
    if (unclaimed) throw redirect({ to: "/setup", replace: true });
  },
  component: lazyRouteComponent(
    () => import("@/platform/identity/landing/RegisterScreen"),
    "RegisterScreen",
  ),
});

/** The frame around every screen; nobody gets here without being signed in. */
const frame = createRoute({
  getParentRoute: () => root,
  id: "frame",
  beforeLoad: async ({ context, location }) => {
    const [unclaimed, me] = await boot(context.client);
    if (unclaimed) throw redirect({ to: "/setup", replace: true });
    if (!me)
      throw redirect({
        to: "/sign-in",
        search: location.href === "/" ? {} : { next: location.href },
        replace: true,
      });
  },
  component: lazyRouteComponent(() => import("@/shell/Frame"), "Frame"),
});

const home = createRoute({
  getParentRoute: () => frame,
  path: "/",
  beforeLoad: async ({ context }) => {
    const me = await context.client.ensureQueryData(meQuery);
    const workspace = me && lastWorkspace(me.workspaces);
    if (workspace)
      throw redirect({ to: "/w/$workspace", params: { workspace: workspace.id }, replace: true });
  },
  component: lazyRouteComponent(() => import("@/shell/WorkspaceLayout"), "NoWorkspaceScreen"),
});

const account = createRoute({
  getParentRoute: () => frame,
  path: "account",
  component: lazyRouteComponent(() => import("@/platform/identity/AccountScreen"), "AccountScreen"),
});

const notices = createRoute({
  getParentRoute: () => frame,
  path: "notices",
  validateSearch: (search: Search): NoticesSearch => flag(search, "unread"),
  component: lazyRouteComponent(() => import("@/platform/notices/NoticesScreen"), "NoticesScreen"),
});

const system = createRoute({
  getParentRoute: () => frame,
  path: "system",
  component: lazyRouteComponent(() => import("@/platform/monitoring/SystemScreen"), "SystemScreen"),
});

const users = createRoute({
  getParentRoute: () => frame,
  path: "box/users",
  validateSearch: (search: Search): UsersSearch => texts(search, ["q", "panel"]),
  component: lazyRouteComponent(() => import("@/platform/people/users/UsersScreen"), "UsersScreen"),
});

const boxAudit = createRoute({
  getParentRoute: () => frame,
  path: "system/audit",
  validateSearch: (search: Search): AuditFilter => texts(search, FILTER_NAMES),
  component: lazyRouteComponent(
    withTexts(() => import("@/platform/audit/AuditScreen"), "audit"),
    "BoxAuditScreen",
  ),
});

const doctor = createRoute({
  getParentRoute: () => frame,
  path: "box/doctor",
  component: lazyRouteComponent(
    withTexts(() => import("@/platform/doctor/DoctorScreen"), "doctor"),
    "DoctorScreen",
  ),
});

const boxReview = createRoute({
  getParentRoute: () => frame,
  path: "box/review",
  component: lazyRouteComponent(async () => {
    const [screen] = await Promise.all([
      import("@/platform/review/ReviewScreen"),
      loadTexts("review"),
    ]);
    return screen;
  }, "ReviewScreen"),
});

const boxSecurity = createRoute({
  getParentRoute: () => frame,
  path: "box/security",
  component: lazyRouteComponent(
    withTexts(() => import("@/platform/security/SecurityScreen"), "services", "audit"),
    "BoxSecurityScreen",
  ),
});

const boxServices = createRoute({
  getParentRoute: () => frame,
  path: "box/programs",
  component: lazyRouteComponent(
    withTexts(() => import("@/platform/identity/services/ServicesScreen"), "services"),
    "BoxServicesScreen",
  ),
});

const delivery = createRoute({
  getParentRoute: () => frame,
  path: "box/delivery",
  validateSearch: (search: Search): DeliverySearch => oneOf(search, "state", OUTBOX_STATES),
  component: lazyRouteComponent(
    withTexts(() => import("@/platform/notices/box/DeliveryScreen"), "delivery", "services"),
    "DeliveryScreen",
  ),
});

const backups = createRoute({
  getParentRoute: () => frame,
  path: "box/backups",
  validateSearch: (search: Search): BackupsSearch => texts(search, ["panel", "restore"]),
  component: lazyRouteComponent(async () => {
    const [screen] = await Promise.all([
      import("@/platform/backups/BackupsScreen"),
      loadTexts("backups"),
    ]);
    return screen;
  }, "BackupsScreen"),
});

const updates = createRoute({
  getParentRoute: () => frame,
  path: "box/updates",
  component: lazyRouteComponent(async () => {
    const [screen] = await Promise.all([
      import("@/platform/updates/UpdatesScreen"),
      loadTexts("updates"),
      loadTexts("backups"),
    ]);
    return screen;
  }, "UpdatesScreen"),
});

const registration = createRoute({
  getParentRoute: () => frame,
  path: "box/registration",
  component: lazyRouteComponent(
    withTexts(() => import("@/platform/identity/registration/RegistrationScreen"), "services"),
    "RegistrationScreen",
  ),
});

const erasures = createRoute({
  getParentRoute: () => frame,
  path: "box/erasures",
  component: lazyRouteComponent(
    () => import("@/platform/privacy/ErasuresScreen"),
    "ErasuresScreen",
  ),
});

const workspaces = createRoute({
  getParentRoute: () => frame,
  path: "workspaces",
  validateSearch: (search: Search): WorkspacesSearch => ({
    ...texts(search, ["panel"]),
    ...oneOf(search, "state", STATES),
    ...(search["new"] === true ? { new: true as const } : {}),
  }),
  component: lazyRouteComponent(
    () => import("@/platform/workspaces/WorkspacesScreen"),
    "WorkspacesScreen",
  ),
});

const errors = createRoute({
  getParentRoute: () => frame,
  path: "box/errors",
  validateSearch: (search: Search): ErrorsSearch => ({
    ...texts(search, ["panel"]),
    ...oneOf(search, "kind", ERROR_KINDS),
  }),
  component: lazyRouteComponent(() => import("@/platform/errors/ErrorsScreen"), "ErrorsScreen"),
});

const logs = createRoute({
  getParentRoute: () => frame,
  path: "box/logs",
  validateSearch: (search: Search): LogFilter => ({
    ...texts(search, ["q", "request"]),
    ...oneOf(search, "level", LOG_LEVELS),
    ...oneOf(search, "kind", LOG_KINDS),
  }),
  component: lazyRouteComponent(() => import("@/platform/logs/LogsScreen"), "LogsScreen"),
});

const about = createRoute({
  getParentRoute: () => frame,
  path: "about",
  validateSearch: (search: Search): AboutSearch => ({
    ...texts(search, ["q"]),
    ...oneOf(search, "kind", PART_KINDS),
  }),
  component: lazyRouteComponent(() => import("@/platform/about/AboutScreen"), "AboutScreen"),
});

const boxJobs = createRoute({
  getParentRoute: () => frame,
  path: "box/jobs",
  validateSearch: jobsSearch,
  component: lazyRouteComponent(() => import("@/platform/jobs/JobsScreen"), "BoxJobsScreen"),
});

const workspace = createRoute({
  getParentRoute: () => frame,
  path: "w/$workspace",
  component: lazyRouteComponent(() => import("@/shell/WorkspaceLayout"), "WorkspaceLayout"),
});

const today = createRoute({
  getParentRoute: () => workspace,
  path: "/",
  component: lazyRouteComponent(() => import("@/shell/TodayScreen"), "TodayScreen"),
});

const people = createRoute({
  getParentRoute: () => workspace,
  path: "people",
  validateSearch: (search: Search): PeopleSearch => ({
    ...texts(search, ["q", "panel"]),
    ...oneOf(search, "show", ["invited", "roles"] as const),
  }),
  component: lazyRouteComponent(() => import("@/platform/people/PeopleScreen"), "PeopleScreen"),
});

const audit = createRoute({
  getParentRoute: () => workspace,
  path: "audit",
  validateSearch: (search: Search): AuditFilter => texts(search, FILTER_NAMES),
  component: lazyRouteComponent(
    withTexts(() => import("@/platform/audit/AuditScreen"), "audit"),
    "WorkspaceAuditScreen",
  ),
});

const security = createRoute({
  getParentRoute: () => workspace,
  path: "security",
  component: lazyRouteComponent(
    withTexts(() => import("@/platform/security/SecurityScreen"), "services", "audit"),
    "WorkspaceSecurityScreen",
  ),
});

const services = createRoute({
  getParentRoute: () => workspace,
  path: "programs",
  component: lazyRouteComponent(
    withTexts(() => import("@/platform/identity/services/ServicesScreen"), "services"),
    "WorkspaceServicesScreen",
  ),
});

const jobs = createRoute({
  getParentRoute: () => workspace,
  path: "jobs",
  validateSearch: jobsSearch,
  component: lazyRouteComponent(() => import("@/platform/jobs/JobsScreen"), "WorkspaceJobsScreen"),
});

const recycle = createRoute({
  getParentRoute: () => workspace,
  path: "deleted",
  validateSearch: (search: Search): RecycleSearch => texts(search, ["kind", "panel"]),
  component: lazyRouteComponent(() => import("@/platform/recycle/RecycleScreen"), "RecycleScreen"),
});

const search = createRoute({
  getParentRoute: () => workspace,
  path: "search",
  validateSearch: (search: Search): SearchSearch => texts(search, ["q", "kind"]),
  component: lazyRouteComponent(() => import("@/platform/search/SearchScreen"), "SearchScreen"),
});

const settings = createRoute({
  getParentRoute: () => workspace,
  path: "settings",
  component: lazyRouteComponent(
    () => import("@/platform/workspaces/SettingsScreen"),
    "SettingsScreen",
  ),
});

const items = createRoute({
  getParentRoute: () => workspace,
  path: "inventory/items",
  validateSearch: (search: Search): ItemFilter & { panel?: string } => ({
    ...texts(search, ["q", "category", "location", "sort", "panel"]),
    ...flag(search, "low"),
  }),
  component: lazyRouteComponent(() => import("@/apps/inventory/items/ItemsScreen"), "ItemsScreen"),
});

const newItem = createRoute({
  getParentRoute: () => workspace,
  path: "inventory/items/new",
  component: lazyRouteComponent(
    () => import("@/apps/inventory/items/ItemFormScreen"),
    "NewItemScreen",
  ),
});

const item = createRoute({
  getParentRoute: () => workspace,
  path: "inventory/items/$item",
  component: lazyRouteComponent(() => import("@/apps/inventory/items/ItemScreen"), "ItemScreen"),
});

const editItem = createRoute({
  getParentRoute: () => workspace,
  path: "inventory/items/$item/edit",
  component: lazyRouteComponent(
    () => import("@/apps/inventory/items/ItemFormScreen"),
    "EditItemScreen",
  ),
});

const locations = createRoute({
  getParentRoute: () => workspace,
  path: "inventory/locations",
  component: lazyRouteComponent(
    () => import("@/apps/inventory/locations/LocationsScreen"),
    "LocationsScreen",
  ),
});

const newLocation = createRoute({
  getParentRoute: () => workspace,
  path: "inventory/locations/new",
  component: lazyRouteComponent(
    () => import("@/apps/inventory/locations/LocationFormScreen"),
    "NewLocationScreen",
  ),
});

const location = createRoute({
  getParentRoute: () => workspace,
  path: "inventory/locations/$location",
  component: lazyRouteComponent(
    () => import("@/apps/inventory/locations/LocationFormScreen"),
    "LocationScreen",
  ),
});

const movements = createRoute({
  getParentRoute: () => workspace,
  path: "inventory/movements",
  validateSearch: (search: Search): MovementFilter & { post?: MovementType; for?: string } => ({
    ...texts(search, ["item_id", "location_id", "from", "to", "for"]),
    ...oneOf(search, "type", MOVEMENT_TYPES),
    ...oneOf(search, "post", MOVEMENT_TYPES),
  }),
  component: lazyRouteComponent(
    () => import("@/apps/inventory/movements/MovementsScreen"),
    "MovementsScreen",
  ),
});

const stock = createRoute({
  getParentRoute: () => workspace,
  path: "inventory/stock",
  validateSearch: (search: Search): StockFilter => ({
    ...texts(search, ["item_id", "location_id"]),
    ...flag(search, "below_zero"),
  }),
  component: lazyRouteComponent(() => import("@/apps/inventory/stock/StockScreen"), "StockScreen"),
});

const valuation = createRoute({ getParentRoute: () => workspace, ...VALUATION });
const usage = createRoute({ getParentRoute: () => workspace, ...USAGE });
const accuracy = createRoute({ getParentRoute: () => workspace, ...ACCURACY });
const counts = createRoute({ getParentRoute: () => workspace, ...COUNTS });
const count = createRoute({ getParentRoute: () => workspace, ...ONE_COUNT });
const counting = createRoute({ getParentRoute: () => workspace, ...COUNTING });

const importing = createRoute({ getParentRoute: () => workspace, ...IMPORTING });

const tree = root.addChildren([
  setup,
  signIn,
  invitation,
  reset,
  register,
  frame.addChildren([
    home,
    account,
    notices,
    system,
    users,
    boxAudit,
    doctor,
    boxReview,
    boxSecurity,
    boxServices,
    delivery,
    backups,
    updates,
    registration,
    erasures,
    workspaces,
    boxJobs,
    errors,
    logs,
    about,
    workspace.addChildren([
      today,
      people,
      audit,
      security,
      services,
      settings,
      jobs,
      recycle,
      search,
      items,
      newItem,
      item,
      editItem,
      locations,
      newLocation,
      location,
      movements,
      stock,
      ...orderRoutes(() => workspace),
      valuation,
      usage,
      accuracy,
      counts,
      count,
      counting,
      importing,
    ]),
  ]),
]);

export function makeRouter(client: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { client },
    defaultPreload: "intent",
    defaultPendingMs: 400,
    scrollRestoration: false,
    // What a screen does not know in its address goes no further, above all not to the box.
    search: { strict: true },
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}

/** The two questions every start asks, at once: is the box claimed, and who is here. */
async function boot(client: QueryClient) {
  return Promise.all([client.ensureQueryData(setupQuery), client.ensureQueryData(meQuery)]);
}

function jobsSearch(search: Search): JobsSearch {
  return { ...texts(search, ["kind", "panel"]), ...oneOf(search, "state", JOB_STATES) };
}
