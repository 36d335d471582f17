import { createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import { fromBase64Url, toBase64Url } from "./base64Url.ts";
import { clientIdentity, proofBytes, publicKeyOf } from "./clientIdentity.ts";

const purpose = { audience: "tutti.test:8080", challenge: "drawn-for-this-socket" };

/** As OpenSSL sees it, which shares no code with what signs. */
function isProven(clientKey: string, proof: string, { audience, challenge } = purpose): boolean {
  const key = { key: { kty: "OKP", crv: "Ed25519", x: clientKey.slice(3) }, format: "jwk" } as const;
  return verify(null, proofBytes(clientKey, { audience, challenge }), createPublicKey(key), Buffer.from(proof, "base64url"));
}

test("P-100 a client's key and proof follow from its secret, and OpenSSL finds the proof good for this key, place and connection alone", () => {
  const { clientKey, prove } = clientIdentity("5f0c9a3e7f5b4d43");
  // by OpenSSL: the public key of the private key SHA-256("tutti client key\n5f0c9a3e7f5b4d43")
  expect(clientKey).toBe("id-KkXxQISzmbTdxlUrIJ68yEnPcD3ia0DnaMD7TCjyeyE");
  const { proof } = prove(purpose);
  expect(isProven(clientKey, proof)).toBe(true);
  expect(isProven(clientKey, proof, { ...purpose, challenge: "drawn-for-another" })).toBe(false);
  expect(isProven(clientKey, proof, { ...purpose, audience: "tutti.test:8081" })).toBe(false);
  expect(isProven(clientIdentity("another-secret-of-16").clientKey, proof)).toBe(false);
});

test("P-100 a key is told from the secrets that named clients before", () => {
  expect(publicKeyOf(clientIdentity("5f0c9a3e7f5b4d43").clientKey)).toHaveLength(32);
  for (const other of ["5f0c9a3e7f5b4d43", "id-5f0c9a3e7f5b4d43", `id-${"A".repeat(42)}B`, `id-${"!".repeat(43)}`, ""])
    expect(publicKeyOf(other), other).toBeNull();
});

test("base64url has one text for the same bytes", () => {
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length * 101) % 256);
    expect(toBase64Url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
    expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
  }
  for (const wrong of ["A", "AB", "ABC=", "A+", "A/", "ÄÄ"]) expect(fromBase64Url(wrong), wrong).toBeNull();
});
