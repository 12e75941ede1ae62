import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { MyFactors } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { Loaded } from "@/ui/Loaded";
import { Notice } from "@/ui/Notice";
import { Section } from "@/ui/Page";
import { toastDone } from "@/ui/toast";
import { meQuery, useMe } from "../queries";
import { FactorDialog } from "./FactorDialog";
import { FactorRows, type FactorAction } from "./FactorRows";
import { myFactorsQuery, newBackupCodes, removePasskey, removeTotp } from "./queries";
import { RenamePasskey } from "./RenamePasskey";

type Open = FactorAction | { readonly codes: readonly string[] };

/** What protects the account beside the password. */
export function FactorsSection() {
  const client = useQueryClient();
  const factors = useQuery(myFactorsQuery);
  const [open, setOpen] = useState<Open | null>(null);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (window.location.hash === "#second-factor") place.current?.scrollIntoView();
  }, []);
  const changed = () => {
    void client.invalidateQueries({ queryKey: myFactorsQuery.queryKey, exact: true });
    void client.invalidateQueries({ queryKey: meQuery.queryKey, exact: true });
  };
  const close = () => setOpen(null);
  return (
    <div ref={place} id="second-factor">
      <Section title={t("mfa.title")}>
        <Loaded query={factors} lines={4}>
          {(data) => (
            <div className="hf-stack">
              <Standing factors={data} />
              <FactorRows factors={data} onAct={setOpen} />
            </div>
          )}
        </Loaded>
      </Section>
      {open && factors.data && (
        <OpenDialog
          open={open}
          factors={factors.data}
          onChanged={changed}
          onCodes={(codes) => setOpen({ codes })}
          onClose={close}
        />
      )}
    </div>
  );
}

/** Whether it has to be, and by when. */
function Standing({ factors }: { readonly factors: MyFactors }) {
  const format = useFormat();
  if (factors.enrolled)
    return factors.backup_codes_left > 0 ? (
      <p className="hf-text">{t("mfa.lead")}</p>
    ) : (
      <Notice tone="caution">{t("mfa.noCodes")}</Notice>
    );
  if (!factors.required) return <p className="hf-text">{t("mfa.leadNone")}</p>;
  return (
    <Notice tone="caution" title={t("mfa.requiredTitle")}>
      {factors.enrol_by
        ? t("mfa.required", { date: format.dateTime(factors.enrol_by) })
        : t("mfa.requiredNow")}
    </Notice>
  );
}

interface DialogProps {
  readonly open: Open;
  readonly factors: MyFactors;
  readonly onChanged: () => void;
  readonly onCodes: (codes: readonly string[]) => void;
  readonly onClose: () => void;
}

function OpenDialog({ open, factors, onChanged, onCodes, onClose }: DialogProps) {
  const losing = useLosing(factors);
  const removed = async (run: Promise<void>) => {
    await run;
    onChanged();
    toastDone(t("mfa.removed"));
    onClose();
  };
  if (typeof open === "object" && "passkey" in open) {
    const { kind, passkey } = open;
    if (kind === "rename")
      return <RenamePasskey passkey={passkey} onSaved={onChanged} onClose={onClose} />;
    return (
      <Confirm
        opened
        title={t("passkey.removeTitle", { name: passkey.name })}
        confirmLabel={t("mfa.remove")}
        onClose={onClose}
        onConfirm={() => removed(removePasskey(passkey.id))}
      >
        <Losing text={t("passkey.removeBody")} losing={losing} />
      </Confirm>
    );
  }
  switch (open) {
    case "new-codes":
      return (
        <Confirm
          opened
          title={t("backup.newTitle")}
          confirmLabel={t("backup.new")}
          isDanger={false}
          onClose={onClose}
          onConfirm={async () => {
            const codes = await newBackupCodes();
            onChanged();
            onCodes(codes);
          }}
        >
          {t("backup.newBody", { count: factors.backup_codes_left })}
        </Confirm>
      );
    case "remove-totp":
      return (
        <Confirm
          opened
          title={t("totp.removeTitle")}
          confirmLabel={t("mfa.remove")}
          onClose={onClose}
          onConfirm={() => removed(removeTotp())}
        >
          <Losing text={t("totp.removeBody")} losing={losing} />
        </Confirm>
      );
    default:
      return (
        <FactorDialog
          key={typeof open === "string" ? open : "codes"}
          shows={open}
          factors={factors}
          onChanged={onChanged}
          onClose={onClose}
        />
      );
  }
}

/** What it means to lose one more of these; nothing as long as another is left. */
function useLosing(factors: MyFactors): string | null {
  const me = useMe();
  if ((factors.totp.enabled ? 1 : 0) + factors.passkeys.length > 1) return null;
  return t(me.mfa.required ? "mfa.lastRequired" : "mfa.last");
}

function Losing({ text, losing }: { readonly text: string; readonly losing: string | null }) {
  return (
    <div className="hf-stack">
      <p className="hf-text">{text}</p>
      {losing && <Notice tone="caution">{losing}</Notice>}
    </div>
  );
}
