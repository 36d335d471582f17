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

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

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
    if (size === null) throw new Error(`the checkpoint's index names ${file}, which is not there`);
    const length = headerLength(await files.read(file, 0, Math.min(8, size)), size);
    const header = parseHeader(await files.read(file, 8, length), size);
    for (const [name, entry] of header.tensors) entries.set(name, { ...entry, file, start: header.dataStart + entry.offsets[0] });
  }
  return entries;
}

async function weightFiles(files: CheckpointFiles): Promise<string[]> {
  if ((await files.size("model.safetensors")) !== null) return ["model.safetensors"];
  const index = await readText(files, "model.safetensors.index.json");
  if (index !== null) return [...new Set(Object.values(indexSchema.parse(JSON.parse(index)).weight_map))];
  const hasPickle = (await files.size("pytorch_model.bin")) !== null || (await files.size("pytorch_model.bin.index.json")) !== null;
  throw new Error(
    hasPickle
      ? "the checkpoint has only pickle files (pytorch_model.bin), which can run code when read: save it as safetensors first"
      : "the folder has no model.safetensors and no model.safetensors.index.json",
  );
}

/** Elements [first, first + count) of a tensor in row-major order, as f32. */
export async function readElements(files: CheckpointFiles, name: string, entry: LocatedEntry, range: { first: number; count: number }) {
  const each = floatBytes(name, entry.dtype);
  const bytes = await files.read(entry.file, entry.start + each * range.first, each * range.count);
  return decodeFloats(name, entry.dtype, bytes);
}
