/** What can be chosen under "what": beginnings of actions, each named in the texts. */
export const WORKSPACE_GROUPS = [
  "inventory.item",
  "inventory.location",
  "inventory.movement",
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
