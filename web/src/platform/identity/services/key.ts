import { isRecord } from "@/api/problem";

const KEY_BYTES = 32;
/** What stands before the key itself in a PEM file (RFC 8410). */
const PREFIX_BYTES = 12;

/** An Ed25519 public key as a JWK, from a JWK, a PEM file or base64; null when it is none. */
export function jwkOf(pasted: string): Record<string, string> | null {
  const text = pasted.trim();
  if (text.startsWith("{")) return fromJwk(text);
  const isPem = text.startsWith("-----BEGIN PUBLIC KEY-----");
  const bytes = bytesOf(isPem ? text.replace(/-----[A-Z ]+-----/g, "") : text);
  if (bytes?.length === KEY_BYTES) return jwk(bytes);
  if (bytes?.length === PREFIX_BYTES + KEY_BYTES) return jwk(bytes.slice(PREFIX_BYTES));
  return null;
}

function fromJwk(text: string): Record<string, string> | null {
  try {
    const read: unknown = JSON.parse(text);
    if (!isRecord(read) || read["kty"] !== "OKP" || read["crv"] !== "Ed25519") return null;
    const bytes = typeof read["x"] === "string" ? bytesOf(read["x"]) : null;
    return bytes?.length === KEY_BYTES ? jwk(bytes) : null;
  } catch {
    return null;
  }
}

function jwk(bytes: string): Record<string, string> {
  const x = btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return { kty: "OKP", crv: "Ed25519", x };
}

function bytesOf(base64: string): string | null {
  try {
    return atob(base64.replace(/\s/g, "").replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return null;
  }
}
