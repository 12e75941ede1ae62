/** Rows of a list as the box gives them out. */
interface Page<Row> {
  readonly items: readonly Row[];
  readonly next_cursor?: string | null;
}

/** What somebody needs all of: the rows up to a bound, and whether there are more. */
export interface Rows<Row> {
  readonly rows: readonly Row[];
  readonly isMore: boolean;
}

/** The most rows that the box gives out at once. */
export const PAGE_ROWS_MAX = 200;

/** Reads a list page after page, `pagesMax` of them at most. */
export async function readPages<Row>(
  pagesMax: number,
  read: (page: { readonly limit: number; readonly cursor?: string }) => Promise<Page<Row>>,
): Promise<Rows<Row>> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const answer = await read({ limit: PAGE_ROWS_MAX, ...(cursor ? { cursor } : {}) });
    rows.push(...answer.items);
    if (!answer.next_cursor) return { rows, isMore: false };
    cursor = answer.next_cursor;
  }
  return { rows, isMore: true };
}
