import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createSealing, type JournalKey, type Sealing } from "./journalKey.ts";

/** A log is a row of files, generations: each begins with all that the one before held, and the one before is kept until the next. */
export function listGenerations(folder: string): number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => /^records-(\d{6})\.log$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** The file of a generation. */
export function generationPath(folder: string, generation: number): string {
  return join(folder, `records-${String(generation).padStart(6, "0")}.log`);
}

/** Where a log says how far it is safe. */
export const headPath = (folder: string) => join(folder, "head");

/** What a generation's file begins with. */
export interface LogHeader {
  readonly generation: number;
  /** Whether the frames begin with all that the generation before held. */
  readonly hasSnapshot: boolean;
  readonly isSealed: boolean;
  readonly salt: Buffer;
  /** Tells the key from others; zeros where nothing is sealed. */
  readonly keyCheck: Buffer;
  /** The last batch before this file, and its hash. */
  readonly baseNumber: number;
  readonly baseHash: Buffer;
}

/** Bytes of a header, its hash included. */
export const headerBytes = 152;
const saltBytes = 32;
const magic = Buffer.from("TUTTILOG");
const version = 1;

/** A header for a new file. */
export function newHeader(
  head: Pick<LogHeader, "generation" | "hasSnapshot" | "baseNumber" | "baseHash">,
  key: JournalKey | null,
): { readonly header: LogHeader; readonly sealing: Sealing | null } {
  const salt = randomBytes(saltBytes);
  const sealing = key === null ? null : createSealing(key, salt);
  return { header: { ...head, isSealed: key !== null, salt, keyCheck: sealing?.check ?? Buffer.alloc(16) }, sealing };
}

/**
 * Layout: `TUTTILOG`, u32 version, u32 generation, u32 whether there is a snapshot, u32 whether payloads are sealed, u32 base number, 4 zeros, base hash, salt,
 * check of the key, 8 zeros; then SHA-256 of all that, with which the chain of hashes begins.
 */
export function packHeader(header: LogHeader): Buffer {
  const packed = Buffer.alloc(headerBytes - 32);
  magic.copy(packed, 0);
  const { generation, hasSnapshot, isSealed, baseNumber } = header;
  [version, generation, hasSnapshot ? 1 : 0, isSealed ? 1 : 0, baseNumber].forEach((value, i) => {
    packed.writeUInt32LE(value, 8 + 4 * i);
  });
  header.baseHash.copy(packed, 32);
  header.salt.copy(packed, 64);
  header.keyCheck.copy(packed, 96);
  return Buffer.concat([packed, createHash("sha256").update(packed).digest()]);
}

/** Null for bytes that are no header of this version, or a damaged one. */
export function unpackHeader(bytes: Buffer): LogHeader | null {
  const packed = bytes.subarray(0, headerBytes - 32);
  const isWhole =
    bytes.length === headerBytes &&
    createHash("sha256")
      .update(packed)
      .digest()
      .equals(bytes.subarray(headerBytes - 32));
  if (!isWhole || !packed.subarray(0, 8).equals(magic) || packed.readUInt32LE(8) !== version) return null;
  return {
    generation: packed.readUInt32LE(12),
    hasSnapshot: packed.readUInt32LE(16) === 1,
    isSealed: packed.readUInt32LE(20) === 1,
    baseNumber: packed.readUInt32LE(24),
    baseHash: packed.subarray(32, 64),
    salt: packed.subarray(64, 96),
    keyCheck: packed.subarray(96, 112),
  };
}

/** How far a generation was safe when something was last acknowledged. */
export interface SafeEnd {
  readonly generation: number;
  readonly number: number;
  readonly numBytes: number;
  readonly hash: Buffer;
}

/** Bytes of one of the two slots of a head: one for even generations, one for odd ones. */
export const slotBytes = 64;

/** Layout: u32 generation, u32 number, u64 bytes, the chain's hash there, 16 bytes of SHA-256 of all that. */
export function packSlot({ generation, number, numBytes, hash }: SafeEnd): Buffer {
  const slot = Buffer.alloc(slotBytes - 16);
  slot.writeUInt32LE(generation, 0);
  slot.writeUInt32LE(number, 4);
  slot.writeBigUInt64LE(BigInt(numBytes), 8);
  hash.copy(slot, 16);
  return Buffer.concat([slot, createHash("sha256").update(slot).digest().subarray(0, 16)]);
}

/** Null for a slot that was never written; `damaged` for other bytes than were written. */
export function unpackSlot(slot: Buffer): SafeEnd | null | "damaged" {
  if (slot.length === slotBytes && slot.every((byte) => byte === 0)) return null;
  const packed = slot.subarray(0, slotBytes - 16);
  const isWhole =
    slot.length === slotBytes &&
    createHash("sha256")
      .update(packed)
      .digest()
      .subarray(0, 16)
      .equals(slot.subarray(slotBytes - 16));
  if (!isWhole) return "damaged";
  return {
    generation: packed.readUInt32LE(0),
    number: packed.readUInt32LE(4),
    numBytes: Number(packed.readBigUInt64LE(8)),
    hash: packed.subarray(16, 48),
  };
}
