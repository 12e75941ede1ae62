import { CloseButton, Menu, TextInput, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconSearch } from "@tabler/icons-react";
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { t } from "@/i18n";
import classes from "./FilterChips.module.css";

export function FilterBar({
  search,
  children,
}: {
  readonly search?: ReactNode;
  readonly children?: ReactNode;
}) {
  return (
    <div className={classes.bar} role="search">
      {search}
      {children && <div className={classes.chips}>{children}</div>}
    </div>
  );
}

interface SearchProps {
  readonly value: string;
  readonly label: string;
  readonly onChange: (value: string) => void;
  /** Arrow down and Enter lead into the list. */
  readonly onDown?: () => void;
  readonly autoFocus?: boolean;
}

const TYPING_MS = 140;

/** Searches as one types; `/` anywhere on the page leads here. */
export function SearchBox({ value, label, onChange, onDown, autoFocus = false }: SearchProps) {
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const sent = useRef(value);
  // The list below is not yet that of the text.
  const [isWaiting, setWaiting] = useState(false);
  useEffect(() => {
    if (value !== sent.current) {
      sent.current = value;
      setText(value);
    }
  }, [value]);
  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text;
      onChange(text);
      setWaiting(false);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, onChange]);
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (
        event.key !== "/" ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        isTyping(event.target)
      )
        return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  const type = (next: string) => {
    setText(next);
    setWaiting(next !== sent.current);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      onDown?.();
    } else if (event.key === "Escape" && text) {
      event.stopPropagation();
      type("");
    }
  };
  return (
    <TextInput
      ref={input}
      className={classes.search}
      value={text}
      onChange={(event) => type(event.currentTarget.value)}
      onKeyDown={onKeyDown}
      autoFocus={autoFocus}
      aria-label={label}
      aria-busy={isWaiting}
      placeholder={label}
      type="text"
      inputMode="search"
      dir="auto"
      maxLength={200}
      autoComplete="off"
      spellCheck={false}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={
        text ? (
          <CloseButton size="sm" aria-label={t("ui.clear")} onClick={() => type("")} />
        ) : (
          <kbd className={classes.key} aria-hidden>
            /
          </kbd>
        )
      }
    />
  );
}

const TYPED_INTO =
  "input:not([type=radio], [type=checkbox]), textarea, select, [role=dialog], [role=menu]";

/** True while keys belong to a field, or to a dialog or menu above the page. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest(TYPED_INTO) !== null;
}

interface ChipProps {
  readonly label: string;
  readonly value: string | null;
  readonly options: readonly {
    readonly value: string;
    readonly label: string;
    readonly hint?: string;
  }[];
  readonly onChange: (value: string | null) => void;
  /** What is said of a value that is not among the options. */
  readonly gone?: string | undefined;
}

const MENU_ROWS_MAX = 200;

/** A filter with its value said in the chip itself. */
export function FilterChip({ label, value, options, onChange, gone }: ChipProps) {
  const chosen = options.find((option) => option.value === value);
  return (
    <MenuChip
      label={value === null ? label : `${label}: ${chosen?.label ?? gone ?? value}`}
      isOn={value !== null}
    >
      {value !== null && <Menu.Item onClick={() => onChange(null)}>{t("ui.clear")}</Menu.Item>}
      {options.length === 0 && <Menu.Label>{t("ui.nothingFound")}</Menu.Label>}
      {options.slice(0, MENU_ROWS_MAX).map((option) => (
        <Menu.Item
          key={option.value}
          onClick={() => onChange(option.value)}
          rightSection={option.hint && <span className="hf-dim">{option.hint}</span>}
        >
          <bdi>{option.label}</bdi>
        </Menu.Item>
      ))}
    </MenuChip>
  );
}

/** A chip with a menu below it; without one it is still to come, and takes no press. */
export function MenuChip({
  label,
  isOn = false,
  className = "",
  children,
}: {
  readonly label: string;
  readonly isOn?: boolean;
  readonly className?: string | undefined;
  readonly children?: ReactNode;
}) {
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target>
        <UnstyledButton
          className={classes.chip}
          data-on={isOn || undefined}
          disabled={children === undefined}
        >
          <span className={classes.chipText}>{label}</span>
          <IconChevronDown size={14} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown className={`${classes.menu} ${className}`}>{children}</Menu.Dropdown>
    </Menu>
  );
}

export function ToggleChip({
  label,
  isOn,
  onChange,
}: {
  readonly label: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}) {
  return (
    <UnstyledButton
      className={classes.chip}
      data-on={isOn || undefined}
      aria-pressed={isOn}
      onClick={() => onChange(!isOn)}
    >
      {label}
    </UnstyledButton>
  );
}
