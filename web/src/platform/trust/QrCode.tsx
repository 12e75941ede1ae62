import { useMemo } from "react";
import { encode } from "uqr";

/** A square code a phone's camera reads; drawn as one path. */
export default function QrCode({
  text,
  label,
  className,
}: {
  readonly text: string;
  readonly label: string;
  readonly className?: string | undefined;
}) {
  const { size, path } = useMemo(() => {
    const code = encode(text, { border: 0 });
    const cells = code.data.flatMap((row, y) =>
      row.map((on, x) => (on ? `M${x} ${y}h1v1h-1z` : "")),
    );
    return { size: code.size, path: cells.join("") };
  }, [text]);
  return (
    <svg
      className={className}
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <path d={path} fill="#000" />
    </svg>
  );
}
