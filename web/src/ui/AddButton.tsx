import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";

interface Props {
  readonly label: string;
  readonly onAdd: () => void;
}

/** Adds one more to a section, beside its title. */
export function AddButton({ label, onAdd }: Props) {
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<IconPlus size={14} aria-hidden />}
      onClick={onAdd}
    >
      {label}
    </Button>
  );
}
