import { createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import { fromBase64Url } from "./base64Url.ts";
import { clientIdentity } from "./clientIdentity.ts";
import { checkReceipt, type Receipt, receiptBytes, receiptSchema, signReceipt } from "./receipts.ts";

const privateKey = Uint8Array.from({ length: 32 }, (_, i) => (7 * i + 3) % 256);
const entry = {
  taskId: "0123456789abcdef0123456789abcdef",
  deviceId: 3,
  stage: "train",
  round: 2,
  step: 1,
  kind: "train",
  at: 1_790_000_000_123,
  numBytes: 4321,
  sha256: "ab".repeat(32),
} as const;
const { clientKey } = clientIdentity("a-secret-of-a-client");
const unsigned = {
  format: "tutti receipt",
  version: 1,
  runId: "run-1",
  clientKey,
  issuedAt: 1_790_000_009_999,
  numEarlier: 5,
  contributions: [entry, { ...entry, deviceId: 4, taskId: "f".repeat(32) }],
} as const;
const receipt = signReceipt(unsigned, privateKey);

test("P-165 a receipt that was signed is valid, also to another implementation, and after a way through a file", () => {
  expect(checkReceipt(receipt)).toBe("valid");
  expect(checkReceipt(receiptSchema.parse(JSON.parse(JSON.stringify(receipt, null, 4))))).toBe("valid");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: receipt.key }, format: "jwk" });
  expect(verify(null, receiptBytes(receipt), key, fromBase64Url(receipt.signature) ?? new Uint8Array())).toBe(true);
});

test("P-165 every value that is changed, left out or added is found, and a list in another order, too", () => {
  const [first, second] = receipt.contributions;
  const changed: readonly Partial<Receipt>[] = [
    { runId: "run-2" },
    { clientKey: clientIdentity("somebody-else-secret").clientKey },
    { issuedAt: receipt.issuedAt + 1 },
    { numEarlier: 6 },
    {
      key: signReceipt(
        unsigned,
        privateKey.map((byte) => byte ^ 1),
      ).key,
    },
    { contributions: first === undefined ? [] : [first] },
    { contributions: [...receipt.contributions].reverse() },
    ...Object.keys(entry).map((name) => ({ contributions: [{ ...entry, ...other(name) }, ...(second === undefined ? [] : [second])] })),
  ];
  for (const change of changed) expect([change, checkReceipt({ ...receipt, ...change })]).toEqual([change, "changed"]);
});

test("P-165 a key that is no point of the curve is a changed receipt and no fault", () => {
  expect(checkReceipt({ ...receipt, key: `${"_".repeat(42)}8` })).toBe("changed");
});

/** Another value of the same type than the entry's. */
function other(name: string): object {
  const others = { taskId: "e".repeat(32), stage: "count", kind: "probe", sha256: "cd".repeat(32) };
  const value = Reflect.get(entry, name);
  return { [name]: typeof value === "number" ? value + 1 : Reflect.get(others, name) };
}
