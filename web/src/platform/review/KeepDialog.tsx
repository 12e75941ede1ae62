import { useQueryClient } from "@tanstack/react-query";
import { newKey } from "@/api/client";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { AreaField, FormFrame, useForm } from "@/ui/form";
import { toastDone } from "@/ui/toast";
import { keepReview, REVIEW_KEY } from "./queries";

/** Keeps what is found now with a note on what was agreed. */
export function KeepDialog({ onClose }: { readonly onClose: () => void }) {
  const client = useQueryClient();
  const form = useForm({
    initial: { note: "" },
    newKey,
    send: async (values, key) => {
      await keepReview(values.note, key);
      await client.invalidateQueries({ queryKey: REVIEW_KEY });
      toastDone(t("review.kept"));
      onClose();
    },
  });
  return (
    <Dialog isWork title={t("review.keepTitle")} onClose={onClose}>
      <FormFrame
        hasHint={false}
        form={form}
        label={t("review.keepTitle")}
        submitLabel={t("review.keepNow")}
        onCancel={onClose}
      >
        <p className="hf-text">{t("review.keepLead")}</p>
        <AreaField form={form} name="note" label={t("review.note")} />
      </FormFrame>
    </Dialog>
  );
}
