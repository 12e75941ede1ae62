/** The holdfast: three strands of kelp gripping a stone. Reads at 16 px. */
export function Mark({ size = 20 }: { readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 32 32"
      aria-hidden
      focusable="false"
      style={{ color: "var(--hf-accent)", flex: "none" }}
    >
      <g
        fill="none"
        stroke="currentColor"
        strokeWidth="3.1"
        strokeLinecap="round"
        strokeLinejoin="round"
      >
        <path d="M16 2.500c-2.200 2.600 2.200 4.400 0 7.500" />
        <path d="M16 10c-1.400 3.700-8.800 4.200-10.100 11.200-.45 2.500.2 5 1.900 7.100" />
        <path d="M16 10c1.400 3.700 8.800 4.200 10.100 11.200.45 2.500-.2 5-1.900 7.100" />
        <path d="M16 10v6.500" />
      </g>
      <path
        fill="currentColor"
        d="M16 17.2c3.6 0 6.1 2.5 6.1 5.7 0 3.3-2.6 5.6-6.1 5.6S10 26 10 22.9c0-3.2 2.4-5.7 6-5.7z"
      />
    </svg>
  );
}
