import { useState } from "react";
import { newKey } from "@/api/client";
import type { BackupTarget, RecoveryKit, RecoveryKits } from "@/api/types";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { FormFrame, TextField, useForm } from "@/ui/form";
import { Notice } from "@/ui/Notice";
import { kitText, makeKeys, type Keys } from "./kit";
import { KitShown } from "./KitShown";
import { ProveKit } from "./ProveKit";
import { addKit } from "./queries";

interface Props {
  readonly box: RecoveryKits;
  /** Where backups go now, for the paper. */
  readonly targets: readonly BackupTarget[];
  readonly onMade: () => Promise<void>;
  readonly onProved: (text: string) => Promise<void>;
  readonly onClose: () => void;
}

/** A kit while its dialog is open; afterwards the page knows its private half no more. */
export interface FreshKit {
  readonly kit: RecoveryKit;
  readonly keys: Keys;
  readonly text: string;
}

/** Makes a kit in the browser, shows it once, and has it proved at once. */
export function NewKit({ box, targets, onMade, onProved, onClose }: Props) {
  const [fresh, setFresh] = useState<FreshKit | null>(null);
  const [isKept, setKept] = useState(false);
  if (!fresh)
    return (
      <NameKit
        box={box}
        onMade={(made) => {
          setFresh(made);
          void onMade();
        }}
        onClose={onClose}
      />
    );
  if (!isKept)
    return <KitShown fresh={fresh} box={box} targets={targets} onKept={() => setKept(true)} />;
  return (
    <ProveKit
      kit={fresh.kit}
      box={box}
      onBack={() => setKept(false)}
      onProved={onProved}
      onClose={onClose}
    />
  );
}

function NameKit({
  box,
  onMade,
  onClose,
}: {
  readonly box: RecoveryKits;
  readonly onMade: (fresh: FreshKit) => void;
  readonly onClose: () => void;
}) {
  const form = useForm({
    initial: { name: "" },
    newKey,
    validate: (values) => ({ name: values.name.trim() ? null : t("form.needed") }),
    send: async ({ name }, key) => {
      const keys = await makeKeys();
      const kit = await addKit(name.trim(), keys.recipient, key);
      onMade({ kit, keys, text: kitText(box, keys, kit.created_at) });
    },
  });
  return (
    <Dialog isWork title={t("kit.newTitle")} onClose={onClose}>
      <FormFrame
        hasHint={false}
        form={form}
        label={t("kit.newTitle")}
        submitLabel={t("kit.make")}
        onCancel={onClose}
      >
        <p className="hf-text">{t("kit.newLead")}</p>
        <Notice tone="info">{t("kit.newKeep")}</Notice>
        <TextField
          form={form}
          name="name"
          label={t("kit.name")}
          help={t("kit.nameHelp")}
          maxLength={80}
          autoFocus
        />
      </FormFrame>
    </Dialog>
  );
}
