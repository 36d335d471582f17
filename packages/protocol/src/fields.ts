import { computeDeviceId, integer, number } from "@tutti/core";
import { z } from "zod";
import { limits } from "./limits.ts";

/** Any finite number of a sane magnitude. */
export const finiteSchema = number(-limits.maxNumber, limits.maxNumber);

/** A cross-entropy, mean or sum: finite, and below 0 by rounding at most. */
export const lossSchema = number(-1, limits.maxNumber);

/** A share that comes out of sums of floats, so that rounding may take it a little outside 0 and 1. */
export const roundedFractionSchema = number(-0.01, 1.01);

/** Text without control characters, trimmed by the sender. */
export function text(maxLength: number) {
  return z
    .string()
    .max(maxLength)
    .regex(/^\P{Cc}*$/u, "control characters are not allowed");
}

/** A name of a parameter, such as `prefix/3`; never `__proto__`. */
const nameSchema = z
  .string()
  .max(limits.maxName)
  .regex(/^[A-Za-z0-9][A-Za-z0-9/._:-]*$/);

/** Values by parameter name, at most `maxKeys`; the JSON schema says so too. */
export function byName<T extends z.ZodType>(value: T, maxKeys: number) {
  return z
    .record(nameSchema, value)
    .refine((record) => Object.keys(record).length <= maxKeys, `at most ${maxKeys} names are allowed`)
    .meta({ maxProperties: maxKeys });
}

/** 64 hexadecimal digits. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** 32 hexadecimal digits (P-30). */
export const taskIdSchema = z.string().regex(/^[0-9a-f]{32}$/);

/** Such as a UUID without or with hyphens. */
export const runIdSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

/** A random text that a client keeps in its store and shows nobody, 16 to 64 characters; its key pair follows from it (P-100). */
export const clientSecretSchema = z.string().regex(/^[A-Za-z0-9_-]{16,64}$/);

/** Who a client is: its public key (P-100). */
export const clientKeySchema = z
  .string()
  .max(46)
  .regex(/^id-[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, "expected id- and 32 bytes in base64url");

/** 64 bytes in base64url. */
export const signatureSchema = z
  .string()
  .max(86)
  .regex(/^[A-Za-z0-9_-]{85}[AQgw]$/, "expected 64 bytes in base64url");

/** Devices are numbered from 0 in order of registration; the number behind the last one is the compute client's (P-90). */
export const deviceIdSchema = integer(0, computeDeviceId);

/** A count of rounds, steps or attempts that starts at 1. */
export const ordinalSchema = integer(1, limits.maxRounds);

/** A number of bytes or of anything else that is only counted. */
export const countSchema = integer(0, Number.MAX_SAFE_INTEGER);

/** Where a device computes. */
export const backendSchema = z.enum(["webgpu", "wasm", "cpu"]);

/** Content behind `GET /blobs/<sha256>`: Params in the binary codec (P-60). */
export const blobRefSchema = z.strictObject({ sha256: sha256Schema, numBytes: integer(0, limits.maxBlobBytes) });

/** A blob that can be fetched, by its hash, and how long it is. */
export type BlobRef = z.infer<typeof blobRefSchema>;
/** What a client computes on. */
export type Backend = z.infer<typeof backendSchema>;

/** Bytes as socket.io gives them, a Buffer in Node and an ArrayBuffer in browsers; parsed to a Uint8Array over the same memory. */
export function bytes(maxBytes: number) {
  return z
    .custom<Uint8Array | ArrayBuffer>((value) => value instanceof Uint8Array || value instanceof ArrayBuffer, "bytes are expected")
    .refine((value) => value.byteLength <= maxBytes, `at most ${maxBytes} bytes are allowed`)
    .transform((value) =>
      value instanceof Uint8Array ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value),
    );
}
