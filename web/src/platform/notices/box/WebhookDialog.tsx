import { useQuery } from "@tanstack/react-query";
import { newKey } from "@/api/client";
import type { Webhook } from "@/api/types";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import {
  CardsField,
  ChecksField,
  ChoiceField,
  FormFrame,
  SwitchField,
  TextField,
  useForm,
} from "@/ui/form";
import { Loaded } from "@/ui/Loaded";
import { useMe } from "../../identity/queries";
import { settingsQuery } from "../queries";
import { changeWebhook, createWebhook } from "./queries";

const EVERYWHERE = "all";

interface Props {
  readonly webhook?: Webhook;
  /** The receiver as it is now; with its secret when it is new. */
  readonly onSaved: (webhook: Webhook) => void;
  readonly onClose: () => void;
}

/** Names a receiver, or changes what it hears of. */
export function WebhookDialog({ webhook, onSaved, onClose }: Props) {
  // The box names the kinds of notices in the person's language.
  const kinds = useQuery(settingsQuery);
  const title = webhook ? t("webhook.editTitle", { name: webhook.name }) : t("webhook.new");
  return (
    <Dialog onClose={onClose} isWork title={title}>
      <Loaded query={kinds} lines={5}>
        {({ titles }) => (
          <WebhookForm
            title={title}
            titles={titles}
            {...(webhook ? { webhook } : {})}
            onSaved={onSaved}
            onClose={onClose}
          />
        )}
      </Loaded>
    </Dialog>
  );
}

interface Values {
  readonly name: string;
  readonly url: string;
  readonly scope: "all" | "some";
  readonly kinds: readonly string[];
  readonly place: string | null;
  readonly mayBePrivate: boolean;
}

function WebhookForm({
  title,
  titles,
  webhook,
  onSaved,
  onClose,
}: Props & { readonly title: string; readonly titles: Readonly<Record<string, string>> }) {
  const me = useMe();
  const form = useForm<Values>({
    initial: {
      name: webhook?.name ?? "",
      url: webhook?.url ?? "",
      scope: webhook && webhook.kinds.length > 0 ? "some" : "all",
      kinds: webhook?.kinds ?? [],
      place: EVERYWHERE,
      mayBePrivate: webhook?.allow_private ?? false,
    },
    newKey,
    validate: (values) => ({
      name: values.name.trim() ? null : t("form.needed"),
      url: /^https?:\/\/\S+$/.test(values.url.trim()) ? null : t("webhook.urlBad"),
      kinds: values.scope === "some" && values.kinds.length === 0 ? t("webhook.kindsNeeded") : null,
    }),
    send: async (values, key) => {
      const draft = {
        name: values.name.trim(),
        url: values.url.trim(),
        kinds: values.scope === "some" ? [...values.kinds] : [],
        allow_private: values.mayBePrivate,
      };
      if (webhook) return onSaved(await changeWebhook(webhook.id, draft));
      const place = values.place && values.place !== EVERYWHERE ? values.place : null;
      onSaved(await createWebhook({ ...draft, ...(place ? { workspace_id: place } : {}) }, key));
    },
  });
  return (
    <FormFrame
      hasHint={false}
      form={form}
      label={title}
      submitLabel={t(webhook ? "webhook.save" : "webhook.create")}
      onCancel={onClose}
    >
      <TextField form={form} name="name" label={t("webhook.name")} maxLength={80} autoFocus />
      <TextField
        form={form}
        name="url"
        label={t("webhook.url")}
        help={t("webhook.urlHelp")}
        maxLength={2000}
      />
      <SwitchField
        form={form}
        name="mayBePrivate"
        path="allow_private"
        label={t("webhook.private")}
        help={t("webhook.privateHelp")}
      />
      {!webhook && (
        <ChoiceField
          form={form}
          name="place"
          path="workspace_id"
          label={t("webhook.place")}
          data={[
            { value: EVERYWHERE, label: t("webhook.everywhere") },
            ...me.workspaces.map((one) => ({ value: one.id, label: one.name })),
          ]}
        />
      )}
      <CardsField
        form={form}
        name="scope"
        label={t("webhook.what")}
        options={(["all", "some"] as const).map((value) => ({
          value,
          label: t(`webhook.what.${value}`),
        }))}
      />
      {form.values.scope === "some" && (
        <ChecksField
          form={form}
          name="kinds"
          label={t("webhook.kinds")}
          options={Object.entries(titles).map(([value, label]) => ({
            value,
            label: <span translate="no">{label}</span>,
          }))}
        />
      )}
    </FormFrame>
  );
}
