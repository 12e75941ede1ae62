import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { IconKey } from "@tabler/icons-react";
import { useState } from "react";
import { newKey } from "@/api/client";
import { t, useFormat } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { AreaField, FormFrame, TextField, useForm } from "@/ui/form";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { RowEntry, RowList } from "@/ui/RowList";
import { toastDone } from "@/ui/toast";
import { jwkOf } from "./key";
import { addKey, removeKey, servicesQuery } from "./queries";

interface Props {
  readonly id: string;
  readonly name: string;
  readonly onClose: () => void;
}

/** The keys a program may sign its assertions with. */
export function KeysDialog({ id, name, onClose }: Props) {
  const format = useFormat();
  const client = useQueryClient();
  const account = useQuery(servicesQuery).data?.find((one) => one.id === id);
  const [error, setError] = useState<unknown>(null);
  const refresh = () => client.invalidateQueries({ queryKey: servicesQuery.queryKey });
  const remove = async (key: string) => {
    setError(null);
    try {
      await removeKey(id, key);
      toastDone(t("service.keyRemoved"));
    } catch (cause) {
      setError(cause);
    }
    await refresh();
  };
  return (
    <Dialog onClose={onClose} isWork title={t("service.keysTitle", { name })}>
      <div className="hf-stack">
        {error !== null && <ProblemAlert error={error} />}
        {account && account.keys.length > 0 ? (
          <RowList label={t("service.keys")}>
            {account.keys.map((one) => (
              <RowEntry
                key={one.id}
                symbol={<IconKey size={20} stroke={1.6} aria-hidden />}
                title={one.name}
                line={t("service.keySince", { date: format.date(one.created_at) })}
                actions={
                  <Button
                    size="compact-sm"
                    variant="default"
                    aria-label={t("service.keyRemoveOf", { name: one.name })}
                    onClick={() => void remove(one.id)}
                  >
                    {t("mfa.remove")}
                  </Button>
                }
              />
            ))}
          </RowList>
        ) : (
          <p className="hf-note">{t("service.noKeys")}</p>
        )}
        <AddKey id={id} onAdded={refresh} onClose={onClose} />
      </div>
    </Dialog>
  );
}

function AddKey({
  id,
  onAdded,
  onClose,
}: {
  readonly id: string;
  readonly onAdded: () => Promise<void>;
  readonly onClose: () => void;
}) {
  const empty = { name: "", key: "" };
  const form = useForm({
    initial: empty,
    newKey,
    validate: (values) => ({
      name: values.name.trim() ? null : t("form.needed"),
      public_key: jwkOf(values.key) ? null : t("service.keyBad"),
    }),
    send: async (values) => {
      const jwk = jwkOf(values.key);
      if (!jwk) return;
      await addKey(id, values.name.trim(), jwk);
      await onAdded();
      form.reset(empty);
      toastDone(t("service.keyAdded"));
    },
  });
  return (
    <FormFrame
      hasHint={false}
      form={form}
      label={t("service.keyAdd")}
      submitLabel={t("service.keyAdd")}
      onCancel={onClose}
    >
      <TextField form={form} name="name" label={t("service.keyName")} maxLength={80} />
      <AreaField
        form={form}
        name="key"
        path="public_key"
        label={t("service.key")}
        help={t("service.keyHelp")}
      />
    </FormFrame>
  );
}
