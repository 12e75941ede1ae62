/** What can be chosen under "what": beginnings of actions, each named in the texts. */
export const WORKSPACE_GROUPS = [
  "inventory.item",
  "inventory.location",
  "inventory.movement",
  "inventory.count",
  "inventory.import",
  "inventory.export",
  "workspace.member",
  "workspace.invitation",
  "workspace",
  "job",
  "access.refused",
] as const;

export const BOX_GROUPS = [
  "identity.session",
  "identity.sign_in",
  "identity.user",
  "identity.token",
  "workspace.member",
  "workspace.invitation",
  "workspace",
  "box",
  "job",
  "access.refused",
] as const;

/** What happens to who belongs to a workspace. */
export const PEOPLE_GROUPS = ["workspace.member", "workspace.invitation", "workspace"] as const;

/** The kinds of objects that entries are about. */
export const WORKSPACE_KINDS = [
  "inventory.item",
  "inventory.location",
  "inventory.movement",
  "inventory.supplier",
  "inventory.count",
  "inventory.order",
  "inventory.import",
  "inventory.export",
  "workspace",
  "job",
  "audit",
  "access",
] as const;

export const BOX_KINDS = [
  "identity.user",
  "identity.session",
  "identity.token",
  "workspace",
  "box",
  "job",
  "error",
  "audit",
  "access",
] as const;
