import { PasswordInput } from "@mantine/core";
import { t } from "@/i18n";

interface Props {
  readonly value: string;
  readonly error: string | null;
  readonly onChange: (value: string) => void;
}

/** The words that a file was locked with. */
export function PassphraseField({ value, error, onChange }: Props) {
  return (
    <PasswordInput
      label={t("moving.passphrase")}
      value={value}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
      autoComplete="off"
      spellCheck={false}
    />
  );
}
