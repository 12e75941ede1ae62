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

interface Weighed extends Shown {
  readonly has_thumbnail: boolean;
  readonly size_bytes: number;
}

/** What is loaded without being asked for. */
const LIGHT_BYTES_MAX = 200_000;

/** The picture that an item is known by: the first that loads quickly. */
export function portraitOf<File extends Weighed>(files: readonly File[]): File | undefined {
  return files.find(
    (file) => isPicture(file) && (file.has_thumbnail || file.size_bytes <= LIGHT_BYTES_MAX),
  );
}
