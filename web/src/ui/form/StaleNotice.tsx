import { Button } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { t } from "@/i18n";
import { Notice } from "../Notice";
import { toastFailed } from "../toast";
import type { Newest } from "./merge";
import type { Form } from "./useForm";

const MergeDialog = lazy(() => import("./MergeDialog"));

/** What somebody else saved meanwhile, and how the form can have it. */
export interface Stale<V extends object> {
  /** Takes it in the place of what is typed. */
  readonly onReload: () => void;
  /** Fetches it, to be put together with what is typed. */
  readonly newest?: () => Promise<Newest<V>>;
}

/** Says that somebody else was faster, and the ways on. */
export default function StaleNotice<V extends object>({
  form,
  stale,
}: {
  readonly form: Form<V>;
  readonly stale: Stale<V>;
}) {
  const [newest, setNewest] = useState<Newest<V> | null>(null);
  const [isLoading, setLoading] = useState(false);
  const { newest: fetchNewest } = stale;
  const compare = (load: () => Promise<Newest<V>>) => {
    setLoading(true);
    load()
      .then(setNewest, toastFailed)
      .finally(() => setLoading(false));
  };
  return (
    <Notice tone="caution" title={t("form.staleTitle")}>
      {t("form.staleBody")}
      <div className="hf-flow">
        {fetchNewest && (
          <Button size="xs" loading={isLoading} onClick={() => compare(fetchNewest)}>
            {t("form.staleCompare")}
          </Button>
        )}
        <Button size="xs" variant="default" onClick={stale.onReload}>
          {t("form.staleReload")}
        </Button>
        <Button size="xs" variant="default" onClick={form.clearRefusal}>
          {t("form.staleKeep")}
        </Button>
      </div>
      {newest && (
        <Suspense>
          <MergeDialog form={form} newest={newest} onClose={() => setNewest(null)} />
        </Suspense>
      )}
    </Notice>
  );
}
