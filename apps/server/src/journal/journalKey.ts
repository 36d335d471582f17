import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { sep } from "node:path";
import { ConfigError } from "../config.ts";

/** A key under which journals are encrypted. */
export interface JournalKey {
  /** 32 bytes. */
  readonly bytes: Uint8Array;
  /** Where it is from, for sentences; never the key. */
  readonly from: string;
}

/** The variables that name a key: the key itself, or the file that holds it, which wins. */
export const keyVariable = "TUTTI_JOURNAL_KEY";
export const keyFileVariable = "TUTTI_JOURNAL_KEY_FILE";

/** The key that the environment gives for a run; null for none. Throws a ConfigError for one that is no key, or that lies in the run's folder. */
export function journalKeyFor(
  runFolder: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): JournalKey | null {
  const file = environment[keyFileVariable];
  if (file !== undefined && file !== "") return keyOfFile(file, runFolder);
  const text = environment[keyVariable];
  return text === undefined || text === "" ? null : parseKey(text, keyVariable);
}

function keyOfFile(file: string, runFolder: string): JournalKey {
  if (!existsSync(file)) throw new ConfigError(`the journal's key: the file ${file} is not there; ${howToMake}`);
  const folder = existsSync(runFolder) ? realpathSync(runFolder) : runFolder;
  if (realpathSync(file).startsWith(folder + sep)) {
    throw new ConfigError(
      `the journal's key: ${file} lies in the run's folder ${runFolder}, so whoever has the folder has the key; keep the file elsewhere`,
    );
  }
  return parseKey(readFileSync(file, "utf8"), file);
}

const howToMake = "`openssl rand -hex 32` makes a key";

function parseKey(text: string, from: string): JournalKey {
  const trimmed = text.trim();
  if (!/^[0-9a-fA-F]{64}$/.test(trimmed)) {
    throw new ConfigError(`the journal's key of ${from}: expected 64 hexadecimal digits, found ${trimmed.length} characters; ${howToMake}`);
  }
  return { bytes: Uint8Array.from(Buffer.from(trimmed, "hex")), from };
}

/** Bytes that a sealed payload has more than the plain one. */
const nonceBytes = 12;
const tagBytes = 16;

/** Seals and opens the payloads of one log. */
export interface Sealing {
  /** 16 bytes that tell this key from others. */
  readonly check: Buffer;
  /** Bytes of a sealed payload. */
  sealedBytes(numBytes: number): number;
  /** A function that seals the payload part by part; what it returns is written in order. `bound` is what the payload belongs to. */
  seal(bound: readonly Uint8Array[]): { readonly nonce: Buffer; update(part: Uint8Array): Buffer; final(): Buffer };
  /** Throws where key, bytes or `bound` are others. */
  open(sealed: Buffer, bound: readonly Uint8Array[]): Buffer;
}

/** AES-256-GCM under a key of this log alone (HKDF-SHA-256 with the log's salt), with a random nonce for each record. */
export function createSealing({ bytes }: JournalKey, salt: Uint8Array): Sealing {
  const derived = Buffer.from(hkdfSync("sha256", bytes, salt, "tutti journal", 48));
  const [key, check] = [derived.subarray(0, 32), derived.subarray(32)];
  return {
    check,
    sealedBytes: (numBytes) => nonceBytes + numBytes + tagBytes,
    seal(bound) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      cipher.setAAD(Buffer.concat(bound));
      return { nonce, update: (part) => cipher.update(part), final: () => Buffer.concat([cipher.final(), cipher.getAuthTag()]) };
    },
    open(sealed, bound) {
      if (sealed.length < nonceBytes + tagBytes) throw new Error(`a sealed record of ${sealed.length} bytes is too short`);
      const end = sealed.length - tagBytes;
      const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceBytes));
      decipher.setAAD(Buffer.concat(bound));
      decipher.setAuthTag(sealed.subarray(end));
      return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, end)), decipher.final()]);
    },
  };
}
