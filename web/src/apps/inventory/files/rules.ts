/** What the box takes at most of one file. */
export const FILE_BYTES_MAX = 16 * 1024 * 1024;

export type Unfit = "empty" | "large";

/** Why a file is not even sent; null when it may be. */
export function unfit(file: Pick<Blob, "size">): Unfit | null {
  if (file.size === 0) return "empty";
  return file.size > FILE_BYTES_MAX ? "large" : null;
}

interface Shown {
  readonly media_type: string;
  readonly is_shown: boolean;
}

/** Whether it is a picture that a browser can show small. */
export function isPicture({ media_type, is_shown }: Shown): boolean {
  return is_shown && media_type.startsWith("image/");
}
