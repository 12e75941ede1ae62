import { describe, expect, it } from "vitest";
import { jwkOf } from "./key";

const X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const jwk = { kty: "OKP", crv: "Ed25519", x: X };

describe("a public key", () => {
  it("is read as a JWK, as PEM and as base64", () => {
    const lines = [
      "-----BEGIN PUBLIC KEY-----",
      "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
      "-----END PUBLIC KEY-----",
    ];
    const pem = `${lines.join("\n")}\n`;
    expect(jwkOf(JSON.stringify({ ...jwk, kid: "x" }))).toEqual(jwk);
    expect(jwkOf(pem)).toEqual(jwk);
    expect(jwkOf(`  ${X} `)).toEqual(jwk);
    expect(jwkOf("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")).toEqual(jwk);
  });

  it("is told from anything else", () => {
    for (const text of ["", "hello", "{", '{"kty":"RSA","n":"AQAB"}', X.slice(0, 20)])
      expect(jwkOf(text)).toBeNull();
    expect(jwkOf(JSON.stringify({ ...jwk, x: "AAAA" }))).toBeNull();
  });
});
