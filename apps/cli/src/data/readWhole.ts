import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { UsageError } from "../exitCodes.ts";

/** Above this Node reads no file at once. */
const maxBytes = 2 ** 31 - 1;

/** The bytes of a data file; refuses one that is too large before it is read, in the words that a smaller one gets. */
export async function readWhole(path: string): Promise<Uint8Array> {
  const found = await stat(path).catch((cause: unknown) => refuseMissing(path, cause));
  if (found.isDirectory()) throw new UsageError(`${path} cannot be read: it is a folder, expected a file`);
  await requireReadable(path, found.size);
  return readFile(path);
}

async function requireReadable(path: string, numBytes: number): Promise<void> {
  const { defaultRowLimits, isTextFile, requireLength } = await import("@tutti/data");
  if (numBytes <= defaultRowLimits.maxCharacters) return;
  const name = basename(path);
  if (numBytes > maxBytes)
    throw new Error(
      `${name} has ${numBytes} bytes, at most ${maxBytes} bytes and ${defaultRowLimits.maxCharacters} characters are read: split it into smaller files`,
    );
  if (isTextFile(name)) requireLength(await countCharacters(path), name);
}

/** Characters of a text file, a piece at a time. */
async function countCharacters(path: string): Promise<number> {
  const { encodingOf, numUtf8Characters } = await import("@tutti/data");
  let count = 0;
  let encoding: ReturnType<typeof encodingOf> | null = null;
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
    if (!(piece instanceof Uint8Array)) throw new Error(`${path}: read as text, expected bytes`);
    encoding ??= encodingOf(piece);
    count += encoding === "utf-8" ? numUtf8Characters(piece) : piece.length / 2;
  }
  return Math.floor(count);
}

function refuseMissing(path: string, cause: unknown): never {
  const code = cause instanceof Error && "code" in cause ? cause.code : null;
  const isMissing = code === "ENOENT" || code === "ENOTDIR";
  throw new UsageError(`${path} cannot be read: ${isMissing ? "there is no such file" : `${code}`}`, { cause });
}
