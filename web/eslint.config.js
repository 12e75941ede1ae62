import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** What each folder may import: the web side of the layer rule. */
const layer = (files, forbidden, why) => ({
  files,
  rules: {
    "no-restricted-imports": [
      "error",
      { patterns: forbidden.map((group) => ({ group: [group], message: why })) },
    ],
  },
});

export default tseslint.config(
  { ignores: ["dist/**", "node_modules/**", "src/api/schema.gen.ts"] },
  ...tseslint.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    plugins: { "react-hooks": hooks },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "no-restricted-globals": [
        "error",
        { name: "fetch", message: "Only src/api talks to the network." },
        { name: "EventSource", message: "Only src/api talks to the network." },
        { name: "XMLHttpRequest", message: "Only src/api talks to the network." },
        { name: "parseFloat", message: "Decimals stay strings." },
      ],
      "max-lines": ["error", 600],
      "max-lines-per-function": ["error", { max: 200, skipBlankLines: true, skipComments: true }],
      eqeqeq: "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { varsIgnorePattern: "^_", argsIgnorePattern: "^_" },
      ],
    },
  },
  { files: ["src/api/**"], rules: { "no-restricted-globals": "off" } },
  layer(
    ["src/i18n/**", "src/theme/**"],
    ["@/api/*", "@/ui/*", "@/shell/*", "@/platform/*", "@/apps/*"],
    "The bottom layer imports nothing of ours.",
  ),
  layer(
    ["src/ui/**"],
    ["@/api/*", "@/shell/*", "@/platform/*", "@/apps/*"],
    "ui/ knows no product words.",
  ),
  layer(
    ["src/api/**"],
    ["@/ui/*", "@/shell/*", "@/platform/*", "@/apps/*"],
    "api/ only talks to the network.",
  ),
  layer(["src/platform/**"], ["@/shell/*", "@/apps/*"], "The platform knows no app."),
  layer(["src/apps/**"], ["@/shell/*"], "Apps plug into the shell, not the other way round."),
  {
    files: ["**/*.test.{ts,tsx}"],
    rules: { "max-lines-per-function": "off", "max-lines": ["error", 900] },
  },
);
