import { afterEach, expect, test, vi } from "vitest";
import { sha256Hex, sha256HexSync } from "./sha256.ts";

afterEach(() => void vi.unstubAllGlobals());

// FIPS 180-2, appendix B.1
const abc = Uint8Array.of(0x61, 0x62, 0x63);
const digestOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

test("bytes have the digest of the standard, with the platform's cryptography and on pages that have none", async () => {
  expect(sha256HexSync(abc)).toBe(digestOfAbc);
  expect(await sha256Hex(abc)).toBe(digestOfAbc);
  vi.stubGlobal("crypto", {});
  expect(await sha256Hex(abc)).toBe(digestOfAbc);
});

test("a view's digest is that of its bytes alone", async () => {
  const around = Uint8Array.of(9, 0x61, 0x62, 0x63, 9);
  expect(sha256HexSync(around.subarray(1, 4))).toBe(digestOfAbc);
  expect(await sha256Hex(around.subarray(1, 4))).toBe(digestOfAbc);
});
