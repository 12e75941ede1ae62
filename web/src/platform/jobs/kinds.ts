/** Kinds of jobs that belong to a workspace, as its list is narrowed to one of them. */
export const WORKSPACE_KINDS = [
  "inventory.import",
  "inventory.export",
  "inventory.self-check",
  "inventory.low-stock",
  "inventory.mention",
  "platform.workspace-export",
  "workspace.sample-data",
] as const;

/** Those that operators see: what belongs to the box, and what belongs to workspaces. */
export const BOX_KINDS = [
  "platform.backup",
  "platform.backup-send",
  "platform.backup-check",
  "platform.backup-drill",
  "platform.backup-prune",
  "platform.restore",
  "platform.check-files",
  "platform.check-logs",
  "platform.clean-up",
  "platform.rotate-keys",
  "platform.renew-certificate",
  "platform.workspace-import",
  "platform.update-check",
  "platform.update-bundle",
  "platform.update-prepare",
  "platform.update-switch",
  "platform.export-person",
  "platform.erase-person",
  ...WORKSPACE_KINDS,
] as const;
