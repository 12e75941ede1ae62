import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "@/api/client";
import { asRefusal, explain, wasCancelled } from "@/ui/refusal";
import { t } from "@/i18n";
import type { About } from "../about";
import { addFile, filesQuery } from "./queries";
import { unfit } from "./rules";

/** A file on its way, or one that did not get there. */
export interface Upload {
  readonly key: string;
  readonly file: File;
  /** 0 to 1. */
  readonly share: number;
  readonly fault: string | null;
  /** Sending it once more may help. */
  readonly canRetry: boolean;
}

/** Sends files one after the other; what failed stays until somebody puts it away. */
export function useUploads(workspace: string, about: About) {
  const client = useQueryClient();
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const change = (key: string, to: Partial<Upload>) =>
    setUploads((all) => all.map((one) => (one.key === key ? { ...one, ...to } : one)));
  const putAway = (key: string) => setUploads((all) => all.filter((one) => one.key !== key));

  const send = async ({ key, file }: Upload) => {
    change(key, { share: 0, fault: null });
    try {
      await addFile(workspace, about, file, key, (share) => change(key, { share }));
      await client.invalidateQueries(filesQuery(workspace, about));
      putAway(key);
    } catch (cause) {
      const fault = wasCancelled(cause) ? t("files.stopped") : explain(asRefusal(cause));
      change(key, { fault, canRetry: true });
    }
  };
  const add = async (files: readonly File[]) => {
    const fresh = files.map((file): Upload => {
      const why = unfit(file);
      const fault = why && t(`files.unfit.${why}`);
      return { key: newKey(), file, share: 0, fault, canRetry: false };
    });
    setUploads((all) => [...all, ...fresh]);
    for (const one of fresh) if (!one.fault) await send(one);
  };
  return { uploads, add, retry: send, putAway };
}
