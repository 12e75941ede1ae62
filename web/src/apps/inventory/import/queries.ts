import { api, idempotent, ok } from "@/api/client";
import { PRICES, WRITE } from "../permissions";
import type { ImportPreview, ImportResult, Job } from "@/api/types";

export const IMPORT_KINDS = ["items", "locations", "opening_stock", "purchase_orders"] as const;
export type ImportKind = (typeof IMPORT_KINDS)[number];
export const EXPORT_KINDS = [
  "items",
  "locations",
  "opening_stock",
  "purchase_orders",
  "movements",
] as const;
export type ExportKind = (typeof EXPORT_KINDS)[number];

type May = { readonly can: (permission: string) => boolean };

/** Orders are for those only who see prices, and write. */
export function mayBring(workspace: May, kind: ImportKind): boolean {
  return kind !== "purchase_orders" || (workspace.can(PRICES) && workspace.can(WRITE));
}

export function mayTake(workspace: May, kind: ExportKind): boolean {
  return kind !== "purchase_orders" || workspace.can(PRICES);
}

export async function previewImport(
  workspace: string,
  kind: ImportKind,
  csv: string,
  decimalComma: boolean,
): Promise<ImportPreview> {
  return ok(
    api.POST("/api/v1/workspaces/{workspace}/inventory/import/preview", {
      params: { path: { workspace }, query: { kind, decimal_comma: decimalComma } },
      body: csv,
      bodySerializer: (text) => text,
      headers: { "Content-Type": "text/csv; charset=utf-8" },
    }),
  );
}

export async function commitImport(workspace: string, id: string): Promise<ImportResult> {
  const answer = await ok(
    api.POST("/api/v1/workspaces/{workspace}/inventory/import/{id}/commit", {
      params: { path: { workspace, id } },
    }),
  );
  if ("job" in answer) throw new Error("a job was not asked for");
  return answer;
}

/** More rows than this are worked through in the background. */
const ROWS_AT_ONCE = 2_000;

export function isLarge(preview: Pick<ImportPreview, "rows">): boolean {
  return preview.rows > ROWS_AT_ONCE;
}

/** The same as a job, which goes on when the page is left. */
export async function commitImportLater(workspace: string, id: string): Promise<Job> {
  const answer = await ok(
    api.POST("/api/v1/workspaces/{workspace}/inventory/import/{id}/commit", {
      params: { path: { workspace, id }, header: { Prefer: "respond-async" } },
    }),
  );
  if (!("job" in answer)) throw new Error("a job was asked for");
  return answer.job;
}

/** Has a file written; its job says where it lies. */
export async function askForExport(workspace: string, kind: ExportKind, key: string): Promise<Job> {
  const { job } = await ok(
    api.POST("/api/v1/workspaces/{workspace}/inventory/exports", {
      params: { path: { workspace } },
      body: { kind },
      headers: idempotent(key),
    }),
  );
  return job;
}

const SAMPLES: Readonly<Record<ImportKind, string>> = {
  items:
    "item_number,name,unit,category,min_qty,max_qty,unit_cost,barcodes,temp_zone\n" +
    "SAL-001,Salmon fillet,kg,Fish,5,40,18.90,4006381333931,cooler\n" +
    "FLR-010,Wheat flour 00,kg,Dry goods,25,200,0.85,,dry\n" +
    'ICE-200,"Ice cream, vanilla",l,Desserts,10,60,3.40,,freezer\n',
  locations:
    "code,name,temp_zone,parent_code\nmain,Main kitchen,,\n" +
    "cooler-1,Walk-in cooler,cooler,main\nfreezer-1,Chest freezer,freezer,main\n",
  opening_stock:
    "item_number,location_code,qty,unit_cost\nSAL-001,cooler-1,12.5,18.90\nFLR-010,main,60,0.85\n",
  purchase_orders:
    "po_number,supplier,item_number,req_qty,unit_price,note\n" +
    "PO-100,Harbour Fish,SAL-001,20,18.40,whole sides\n" +
    "PO-100,Harbour Fish,ICE-200,12,3.10,\nPO-101,Mill & Sons,FLR-010,50,0.80,\n",
};

export function sampleAddress(kind: ImportKind): string {
  return `data:text/csv;charset=utf-8,${encodeURIComponent(SAMPLES[kind])}`;
}
