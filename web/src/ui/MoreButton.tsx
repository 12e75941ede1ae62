import { Button, type ButtonProps } from "@mantine/core";
import { t } from "@/i18n";

interface Props extends Pick<ButtonProps, "mt"> {
  /** The list, of which some pages are here. */
  readonly of: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => Promise<unknown>;
  };
  readonly label?: string;
}

/** Fetches the next page of a list, where there is one. */
export function MoreButton({ of, label = t("ui.more"), mt }: Props) {
  if (!of.hasNextPage) {
    return null;
  }
  return (
    <Button
      variant="default"
      mt={mt}
      loading={of.isFetchingNextPage}
      onClick={() => void of.fetchNextPage()}
    >
      {label}
    </Button>
  );
}
