import { z } from "zod";
import { decodeFloats, floatBytes, headerLength, parseHeader, type SafetensorsEntry } from "./safetensors.ts";

/** A folder with a Hugging Face checkpoint, read piece by piece. */
export interface CheckpointFiles {
  /** Bytes of a file, or null when there is none of that name. */
  size(file: string): Promise<number | null>;
  read(file: string, start: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** A tensor's entry and the file that it lies in. */
export interface LocatedEntry extends SafetensorsEntry {
  readonly file: string;
  /** Byte of the file at which the tensor begins. */
  readonly start: number;
}

const indexFile = "model.safetensors.index.json";
const fileName = z.string().regex(/^[^/\\]+$/, "a file beside the index");
const indexSchema = z.looseObject({ weight_map: z.record(z.string(), fileName) });

/** A whole small file as text, or null. */
export async function readText(files: CheckpointFiles, file: string): Promise<string | null> {
  const size = await files.size(file);
  return size === null ? null : new TextDecoder().decode(await files.read(file, 0, size));
}

/** The headers of all safetensors files of a checkpoint, single or with an index. */
export async function openCheckpoint(files: CheckpointFiles): Promise<ReadonlyMap<string, LocatedEntry>> {
  const entries = new Map<string, LocatedEntry>();
  for (const file of await weightFiles(files)) {
    const size = await files.size(file);
    if (size === null) throw new Error(`${indexFile} names ${file}, which is not there`);
    const length = headerLength(await files.read(file, 0, Math.min(8, size)), size);
    const header = parseHeader(await files.read(file, 8, length), size);
    for (const [name, entry] of header.tensors) {
      const before = entries.get(name);
      if (before !== undefined) throw new Error(`tensor ${name} is in ${before.file} and again in ${file}`);
      entries.set(name, { ...entry, file, start: header.dataStart + entry.offsets[0] });
    }
  }
  return entries;
}

/** The safetensors files of a checkpoint: the single one, or those that its index names. */
export async function weightFiles(files: CheckpointFiles): Promise<string[]> {
  if ((await files.size("model.safetensors")) !== null) return ["model.safetensors"];
  const index = await readText(files, indexFile);
  if (index !== null) return filesOfIndex(index);
  const pickles = ["pytorch_model.bin", "pytorch_model.bin.index.json", "model.ckpt", "model.pt", "consolidated.00.pth"];
  for (const file of pickles) {
    if ((await files.size(file)) === null) continue;
    throw new Error(`the checkpoint has only pickle files (${file}), which can run code when read: save it as safetensors first`);
  }
  throw new Error(`the folder has no model.safetensors and no ${indexFile}`);
}

function filesOfIndex(text: string): string[] {
  const index = indexSchema.safeParse(parseJson(text));
  if (!index.success) throw new Error(`${indexFile}: ${z.prettifyError(index.error)}`, { cause: index.error });
  return [...new Set(Object.values(index.data.weight_map))].sort();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${indexFile} is not JSON`, { cause });
  }
}

/** Elements [first, first + count) of a tensor in row-major order, as f32. */
export async function readElements(files: CheckpointFiles, name: string, entry: LocatedEntry, range: { first: number; count: number }) {
  const each = floatBytes(name, entry.dtype);
  const bytes = await files.read(entry.file, entry.start + each * range.first, each * range.count);
  return decodeFloats(name, entry.dtype, bytes, range.first);
}
