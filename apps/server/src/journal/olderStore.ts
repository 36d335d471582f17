import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** The database of older runs; those of today have none. */
export const olderFile = (folder: string) => join(folder, "data.mdb");

/** LMDB's magic number, as it stands in the first page behind the page's header; other bytes would end the process that opens it. */
const lmdbMagic = 0xbeefc0de;
const magicOffset = 24;

/**
 * What the child does: it writes u32 bytes of the key, u32 bytes of the value, key and value for each entry, then eight bytes of ones. LMDB maps its file into memory, and
 * a damaged or shorter file ends the process that reads it with SIGBUS or SIGSEGV: this one, and not the coordinator's.
 */
const childText = `
const [lmdb, folder] = process.argv.slice(1);
const { writeSync } = require("node:fs");
const put = (bytes) => { for (let done = 0; done < bytes.length; ) { try { done += writeSync(1, bytes, done); } catch (error) { if (error.code !== "EAGAIN") throw error; } } };
const database = require(lmdb).open({ path: folder, noSubdir: false, encoding: "binary", readOnly: true });
for (const { key, value } of database.getRange()) {
  const name = Buffer.from(key, "utf8");
  const head = Buffer.alloc(8);
  head.writeUInt32LE(name.length, 0);
  head.writeUInt32LE(value.length, 4);
  put(Buffer.concat([head, name, value]));
}
put(Buffer.alloc(8, 255));
process.exit(0);
`;

/** The entries of a run of an older version, read by a child process; null where there are none. Throws where the database is damaged. */
export async function readOlderStore(folder: string): Promise<ReadonlyMap<string, Uint8Array> | null> {
  if (!existsSync(olderFile(folder))) return null;
  if (!hasMagic(olderFile(folder))) throw new Error(`${olderFile(folder)} is not a database`);
  const lmdb = createRequire(import.meta.url).resolve("lmdb");
  const child = spawn(process.execPath, ["-e", childText, lmdb, folder], { stdio: ["ignore", "pipe", "pipe"] });
  const [chunks, complaints]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => complaints.push(chunk));
  const end = await new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const entries = end === "exit code 0" ? parse(Buffer.concat(chunks)) : null;
  if (entries !== null) return entries;
  const said = Buffer.concat(complaints)
    .toString("utf8")
    .match(/^\w*Error: .*$/m)?.[0];
  throw new Error(`${olderFile(folder)} is damaged: the process that read it ended with ${end}${said === undefined ? "" : ` (${said})`}`);
}

function hasMagic(path: string): boolean {
  const head = Buffer.alloc(magicOffset + 4);
  const file = openSync(path, "r");
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  return head.readUInt32LE(magicOffset) === lmdbMagic;
}

/** Null where the end is missing. */
function parse(bytes: Buffer): Map<string, Uint8Array> | null {
  const entries = new Map<string, Uint8Array>();
  for (let at = 0; at + 8 <= bytes.length; ) {
    const [nameBytes, valueBytes] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
    if (nameBytes === 0xffff_ffff) return entries;
    const valueAt = at + 8 + nameBytes;
    entries.set(bytes.toString("utf8", at + 8, valueAt), new Uint8Array(bytes.subarray(valueAt, valueAt + valueBytes)));
    at = valueAt + valueBytes;
  }
  return null;
}
