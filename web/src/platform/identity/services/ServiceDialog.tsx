import { newKey } from "@/api/client";
import type { Me, ServiceAccount } from "@/api/types";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import {
  AreaField,
  CardsField,
  ChecksField,
  ChoiceField,
  FormFrame,
  TextField,
  useForm,
} from "@/ui/form";
import { useMe } from "../queries";
import { permissionsOf } from "../tokenScope";
import { jwkOf } from "./key";
import { changeService, createService } from "./queries";
import { permissionName } from "./ServiceRow";

const BOX = "box";
/** What an account of the box may do, whatever else. */
const OPERATE = "box.operate";

interface Props {
  /** Where a new one is made; null lets an operator choose. */
  readonly workspace?: string | null;
  readonly account?: ServiceAccount;
  readonly onSaved: (name: string, clientId: string, secret: string | null) => void;
  readonly onClose: () => void;
}

interface Values {
  readonly name: string;
  readonly place: string | null;
  readonly permissions: readonly string[];
  readonly addresses: string;
  readonly proof: string;
  readonly key: string;
}

/** Makes an account for a program, or changes what it may do and from where. */
export function ServiceDialog({ workspace = null, account, onSaved, onClose }: Props) {
  const title = account ? t("service.editTitle", { name: account.name }) : t("service.new");
  return (
    <Dialog onClose={onClose} isWork title={title}>
      <ServiceForm
        title={title}
        workspace={workspace}
        {...(account ? { account } : {})}
        onSaved={onSaved}
        onClose={onClose}
      />
    </Dialog>
  );
}

function ServiceForm({
  title,
  workspace,
  account,
  onSaved,
  onClose,
}: Props & { readonly title: string; readonly workspace: string | null }) {
  const me = useMe();
  const form = useForm<Values>({
    initial: {
      name: account?.name ?? "",
      place: account ? (account.workspace_id ?? BOX) : (workspace ?? BOX),
      permissions: account?.permissions ?? [],
      addresses: account?.allow_cidrs.join("\n") ?? "",
      proof: "secret",
      key: "",
    },
    newKey,
    validate: (values) => ({
      name: values.name.trim() ? null : t("form.needed"),
      permissions: wanted(me, values).length > 0 ? null : t("service.permissionsNeeded"),
      public_key:
        !account && values.proof === "key" && !jwkOf(values.key) ? t("service.keyBad") : null,
    }),
    send: async (values, key) => {
      const name = values.name.trim();
      const change = {
        name,
        permissions: wanted(me, values),
        allow_cidrs: values.addresses.split(/[\s,]+/).filter(Boolean),
      };
      if (account) {
        await changeService(account.id, change);
        return onSaved(name, account.client_id, null);
      }
      const jwk = values.proof === "key" ? jwkOf(values.key) : null;
      const made = await createService(
        {
          ...change,
          ...(values.place && values.place !== BOX ? { workspace_id: values.place } : {}),
          ...(jwk ? { public_key: jwk } : {}),
        },
        key,
      );
      onSaved(name, made.client_id, made.client_secret ?? null);
    },
  });
  const offered = choices(me, form.values);
  return (
    <FormFrame
      hasHint={false}
      form={form}
      label={title}
      submitLabel={t(account ? "service.save" : "service.create")}
      onCancel={onClose}
    >
      <TextField
        form={form}
        name="name"
        label={t("service.name")}
        help={t("service.nameHelp")}
        maxLength={80}
        autoFocus
      />
      {!account && workspace === null && (
        <ChoiceField
          form={form}
          name="place"
          path="workspace_id"
          label={t("service.place")}
          data={[
            { value: BOX, label: t("service.box") },
            ...me.workspaces.map((one) => ({ value: one.id, label: one.name })),
          ]}
        />
      )}
      {offered.length > 0 && (
        <ChecksField
          form={form}
          name="permissions"
          label={t("service.permissions")}
          options={offered.map((id) => ({ value: id, label: permissionName(id) }))}
        />
      )}
      <AreaField
        form={form}
        name="addresses"
        path="allow_cidrs"
        label={t("service.addresses")}
        help={t("service.addressesHelp")}
        required={false}
      />
      {!account && (
        <CardsField
          form={form}
          name="proof"
          label={t("service.proof")}
          options={(["secret", "key"] as const).map((value) => ({
            value,
            label: t(`service.proof.${value}`),
            text: t(`service.proof.${value}Text`),
          }))}
        />
      )}
      {!account && form.values.proof === "key" && (
        <AreaField
          form={form}
          name="key"
          path="public_key"
          label={t("service.key")}
          help={t("service.keyHelp")}
        />
      )}
    </FormFrame>
  );
}

/** What can be ticked: what the person may do there, and what the account may already. */
function choices(me: Me, values: Values): string[] {
  if (values.place === BOX) return [];
  return [...new Set([...permissionsOf(me, values.place), ...values.permissions])].toSorted();
}

function wanted(me: Me, values: Values): string[] {
  if (values.place === BOX) return [OPERATE];
  return choices(me, values).filter((one) => values.permissions.includes(one));
}
