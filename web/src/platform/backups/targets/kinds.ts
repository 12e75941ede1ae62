import type { BackupTarget, TargetSettings } from "@/api/types";
import type { PlainKey } from "@/i18n";

export const KINDS = ["folder", "s3", "sftp", "webdav", "onedrive"] as const;
export type Kind = (typeof KINDS)[number];

/** Everything that can be typed of any kind. */
export const FIELD_NAMES = [
  "path",
  "endpoint",
  "bucket",
  "region",
  "access_key",
  "secret_key",
  "prefix",
  "host",
  "port",
  "user",
  "password",
  "private_key",
  "host_key",
  "url",
  "client_id",
  "folder",
] as const;
export type FieldName = (typeof FIELD_NAMES)[number];
export type FieldValues = Readonly<Record<FieldName, string>>;

export interface Field {
  readonly name: FieldName;
  readonly label: PlainKey;
  readonly help?: PlainKey;
  readonly placeholder?: string;
  readonly isSecret?: boolean;
  readonly isOptional?: boolean;
  /** Several lines. */
  readonly isLong?: boolean;
}

const USER: Field = { name: "user", label: "target.user" };
const PASSWORD: Field = { name: "password", label: "target.password", isSecret: true };

export const FIELDS: Readonly<Record<Kind, readonly Field[]>> = {
  folder: [
    { name: "path", label: "target.path", help: "target.pathHelp", placeholder: "/mnt/backup" },
  ],
  s3: [
    {
      name: "endpoint",
      label: "target.endpoint",
      placeholder: "https://s3.eu-central-1.amazonaws.com",
    },
    { name: "bucket", label: "target.bucket" },
    { name: "region", label: "target.region", placeholder: "eu-central-1" },
    { name: "access_key", label: "target.accessKey" },
    { name: "secret_key", label: "target.secretKey", isSecret: true },
    { name: "prefix", label: "target.prefix", help: "target.prefixHelp", isOptional: true },
  ],
  sftp: [
    { name: "host", label: "target.host" },
    { name: "port", label: "target.port", placeholder: "22", isOptional: true },
    USER,
    { ...PASSWORD, isOptional: true, help: "target.sftpPasswordHelp" },
    {
      name: "private_key",
      label: "target.privateKey",
      help: "target.privateKeyHelp",
      isSecret: true,
      isOptional: true,
      isLong: true,
    },
    {
      name: "host_key",
      label: "target.hostKey",
      help: "target.hostKeyHelp",
      isOptional: true,
      isLong: true,
    },
    { name: "path", label: "target.path", help: "target.sftpPathHelp" },
  ],
  webdav: [
    {
      name: "url",
      label: "target.url",
      placeholder: "https://cloud.example.com/remote.php/dav/files/box",
    },
    USER,
    PASSWORD,
    { name: "path", label: "target.path", help: "target.prefixHelp", isOptional: true },
  ],
  onedrive: [
    { name: "client_id", label: "target.clientId", help: "target.clientIdHelp" },
    { name: "folder", label: "target.folder" },
  ],
};

export function kindOf(name: string): Kind {
  return KINDS.find((one) => one === name) ?? "folder";
}

/** What stands in the fields at first. Secrets are never given out again, so they are empty. */
export function valuesOf(target?: BackupTarget): FieldValues {
  const settings: Readonly<Record<string, unknown>> = target?.settings ?? {};
  const entries = FIELD_NAMES.map((name) => [name, String(settings[name] ?? "")] as const);
  return Object.fromEntries(entries) as Record<FieldName, string>;
}

/** Where a target is, in one line. */
export function placeOf({ kind, settings }: BackupTarget): string {
  const { path, endpoint, bucket, prefix, host, port, user, url, folder } = settings;
  const below = (name: string | null | undefined) => (name ? `/${name.replace(/^\/+/, "")}` : "");
  switch (kindOf(kind)) {
    case "folder":
      return path ?? "";
    case "s3":
      return `${endpoint ?? ""}/${bucket ?? ""}${below(prefix)}`;
    case "sftp":
      return `${user ?? ""}@${host ?? ""}${port ? `:${port}` : ""}${below(path)}`;
    case "webdav":
      return `${url ?? ""}${below(path)}`;
    case "onedrive":
      return folder ?? "";
  }
}

/** Names of fields of a kind that have to be filled in and are not. */
export function missing(kind: Kind, values: FieldValues, isKnown: boolean): FieldName[] {
  return FIELDS[kind]
    .filter((field) => !field.isOptional && !(isKnown && field.isSecret))
    .map((field) => field.name)
    .filter((name) => !values[name].trim());
}

/** What is sent of a kind: what is empty is left out, unless it is to become empty. */
export function settingsOf(kind: Kind, values: FieldValues, before: FieldValues): TargetSettings {
  const settings: Record<string, string | number> = {};
  for (const { name, isSecret } of FIELDS[kind]) {
    const value = isSecret ? values[name] : values[name].trim();
    if (!value && !before[name]) continue;
    if (name !== "port") settings[name] = value;
    else if (value) settings[name] = Number(value);
  }
  return settings;
}
