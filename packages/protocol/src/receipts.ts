import { ed25519 } from "@noble/curves/ed25519.js";
import { integer } from "@tutti/core";
import { z } from "zod";
import { fromBase64Url, toBase64Url } from "./base64Url.ts";
import {
  clientKeySchema,
  countSchema,
  deviceIdSchema,
  ordinalSchema,
  runIdSchema,
  sha256Schema,
  signatureSchema,
  taskIdSchema,
} from "./fields.ts";
import { limits } from "./limits.ts";
import { stageSchema, taskKindSchema } from "./tasks.ts";

/** Milliseconds since 1970, up to the year 9999. */
const timeSchema = integer(0, 253_402_300_799_999);

const receiptEntrySchema = z.strictObject({
  taskId: taskIdSchema,
  deviceId: deviceIdSchema,
  stage: stageSchema,
  round: ordinalSchema,
  step: ordinalSchema,
  kind: taskKindSchema,
  /** When the coordinator accepted it, by the coordinator's clock. */
  at: timeSchema,
  /** Of the contribution, without the copy of the device's state that some runs keep. */
  numBytes: countSchema,
  /** Of the contribution as P-41 compares it. */
  sha256: sha256Schema,
});

/** A public Ed25519 key of 32 bytes in base64url. */
export const receiptKeySchema = z
  .string()
  .max(43)
  .regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, "expected 32 bytes in base64url");

/** What a coordinator signs of one client's contributions (P-165). */
export const receiptSchema = z.strictObject({
  format: z.literal("tutti receipt"),
  version: z.literal(1),
  runId: runIdSchema,
  /** Of the run. */
  key: receiptKeySchema,
  clientKey: clientKeySchema,
  issuedAt: timeSchema,
  /** Accepted contributions before the first of the list, where there are more than it holds. */
  numEarlier: countSchema,
  /** In the order in which they were accepted. */
  contributions: z.array(receiptEntrySchema).max(limits.maxReceiptEntries).readonly(),
  signature: signatureSchema,
});

/** An accepted contribution, as a receipt lists it. */
export type ReceiptEntry = z.infer<typeof receiptEntrySchema>;
/** What a run confirms that a client's devices contributed, and when. */
export type Receipt = z.infer<typeof receiptSchema>;

/** What is signed: the parsed values in a fixed order, so that spaces, line feeds and the order of names in a file do not matter. */
export function receiptBytes({ version, runId, clientKey, issuedAt, numEarlier, contributions }: Omit<Receipt, "signature">): Uint8Array {
  const entries = contributions.map(({ taskId, deviceId, stage, round, step, kind, at, numBytes, sha256 }) => [
    taskId,
    deviceId,
    stage,
    round,
    step,
    kind,
    at,
    numBytes,
    sha256,
  ]);
  return new TextEncoder().encode(JSON.stringify(["tutti receipt", version, runId, clientKey, issuedAt, numEarlier, entries]));
}

/** The public half of a run's private key, as receipts and `run.json` name it. */
export function receiptKeyOf(privateKey: Uint8Array): string {
  return toBase64Url(ed25519.getPublicKey(privateKey));
}

/** A receipt, signed with the run's private key of 32 bytes. */
export function signReceipt(unsigned: Omit<Receipt, "signature" | "key">, privateKey: Uint8Array): Receipt {
  const { contributions, ...head } = unsigned;
  const key = receiptKeyOf(privateKey);
  const signature = toBase64Url(ed25519.sign(receiptBytes({ ...unsigned, key }), privateKey));
  return { ...head, key, contributions, signature };
}

/** `valid` where the key signed these values; `changed` where it did not, or signed others. */
export function checkReceipt(receipt: Receipt): "valid" | "changed" {
  const key = fromBase64Url(receipt.key);
  const signature = fromBase64Url(receipt.signature);
  if (key === null || signature === null) return "changed";
  try {
    return ed25519.verify(signature, receiptBytes(receipt), key) ? "valid" : "changed";
  } catch {
    return "changed"; // the key is no point of the curve
  }
}
