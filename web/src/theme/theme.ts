import { createTheme, type MantineColorsTuple } from "@mantine/core";

/** Deep kelp green; shade 7 carries the light accent (#0f6b5c), shade 4 the dark one (#4cc2a8). */
const kelp: MantineColorsTuple = [
  "#eaf7f3",
  "#d3ece5",
  "#a6dacd",
  "#75cab5",
  "#4cc2a8",
  "#2b9d86",
  "#198370",
  "#0f6b5c",
  "#0b574b",
  "#07443a",
];

/** Neutral greys with a trace of green. */
const gray: MantineColorsTuple = [
  "#f7f9f8",
  "#eff3f1",
  "#e4e9e7",
  "#d5dcd9",
  "#b9c4c0",
  "#93a09b",
  "#6c7a75",
  "#56635e",
  "#3a4541",
  "#1c2421",
];

const dark: MantineColorsTuple = [
  "#dfe6e3",
  "#c0cac6",
  "#9aa8a2",
  "#7d8b85",
  "#47534e",
  "#333d39",
  "#262f2b",
  "#1b2320",
  "#141b18",
  "#0d1311",
];

/**
 * Menus and dialogs stand at once. The kit's transitions wait for two frames, and a list that is
 * closed and opened again within them stays out of sight.
 */
const INSTANT = { duration: 0 };
const HEADLESS = { header: { role: "presentation" } };
const DIALOG_STYLES = {
  title: {
    fontWeight: 600,
    fontSize: "1rem",
    lineHeight: 1.35,
    overflowWrap: "anywhere" as const,
  },
};

export const theme = createTheme({
  colors: { kelp, gray, dark },
  primaryColor: "kelp",
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif",
  fontFamilyMonospace:
    "ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  fontSizes: { xs: "0.75rem", sm: "0.875rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "1.25rem", lineHeight: "1.3" },
      h2: { fontSize: "1rem", lineHeight: "1.35" },
      h3: { fontSize: "0.875rem", lineHeight: "1.4" },
    },
  },
  defaultRadius: "md",
  radius: { xs: "4px", sm: "6px", md: "6px", lg: "8px", xl: "12px" },
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: "sm", variant: "filled" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: "lg" } },
    // The head of a dialog is no landmark of the page.
    Modal: {
      defaultProps: {
        centered: true,
        radius: "lg",
        transitionProps: INSTANT,
        attributes: HEADLESS,
        styles: DIALOG_STYLES,
      },
    },
    Drawer: {
      defaultProps: {
        transitionProps: INSTANT,
        attributes: HEADLESS,
        styles: DIALOG_STYLES,
      },
    },
    Menu: { defaultProps: { shadow: "md", transitionProps: INSTANT } },
    Popover: { defaultProps: { shadow: "md", transitionProps: INSTANT } },
    Tooltip: { defaultProps: { openDelay: 300, transitionProps: INSTANT } },
    Autocomplete: {
      defaultProps: { comboboxProps: { shadow: "md", transitionProps: INSTANT } },
    },
    Select: {
      defaultProps: { comboboxProps: { shadow: "md", transitionProps: INSTANT } },
    },
  },
});
