import { type PackedTensor, packTensor } from "@tutti/core";
import type { BackboneConfig } from "./config.ts";
import { readHubConfig } from "./hubConfig.ts";
import { type PackedBackbone, packedBackbone } from "./packed.ts";
import { decodeFloats, floatBytes, readHeader, type SafetensorsEntry } from "./safetensors.ts";
import { type TensorName, tensorNames } from "./tensorNames.ts";

/** Finds a tensor in a checkpoint; the entry's shape is checked. */
export function findSource<E extends SafetensorsEntry>(wanted: TensorName, entries: ReadonlyMap<string, E>): { source: string; entry: E } {
  const source = wanted.sources.find((name) => entries.has(name));
  const entry = source === undefined ? undefined : entries.get(source);
  if (source === undefined || entry === undefined) {
    throw new Error(`the checkpoint has no tensor ${wanted.sources[0]}, under that or a shorter name (needed as ${wanted.name})`);
  }
  if (entry.shape.join() !== wanted.sourceShape.join()) {
    throw new Error(`tensor ${source} has shape [${entry.shape}], the configuration needs [${wanted.sourceShape}]`);
  }
  floatBytes(source, entry.dtype);
  return { source, entry };
}

/** A tensor as the checkpoint holds it. */
export interface StoredTensor<E extends SafetensorsEntry> {
  readonly source: string;
  readonly entry: E;
}

/** The table of words and the head's output, where the configuration ties them and the checkpoint holds both. */
export function storedTwice<E extends SafetensorsEntry>(
  config: BackboneConfig,
  entries: ReadonlyMap<string, E>,
): { readonly table: StoredTensor<E>; readonly output: StoredTensor<E> } | null {
  if (!config.hasTiedEmbeddings) return null;
  const untied = tensorNames({ ...config, hasTiedEmbeddings: false });
  const [table, output] = ["embeddings.word", "head.output"].map((wanted) => {
    const found = untied.find(({ name }) => name === wanted);
    return found?.sources.some((source) => entries.has(source)) ? findSource(found, entries) : undefined;
  });
  return table === undefined || output === undefined ? null : { table, output };
}

/** Rows [first, first + rows) of the wanted tensor out of the checkpoint's whole tensor. */
export function takeRows(wanted: TensorName, whole: Float32Array, first: number, rows: number): Float32Array {
  const inputs = wanted.shape.length === 1 ? 1 : (wanted.shape[1] ?? 1);
  const start = wanted.firstOutput + first;
  if (!wanted.isTransposed) return whole.slice(start * inputs, (start + rows) * inputs);
  const fused = wanted.sourceShape[1] ?? 1;
  const result = new Float32Array(rows * inputs);
  for (let row = 0; row < rows; row++) {
    for (let input = 0; input < inputs; input++) result[row * inputs + input] = whole[input * fused + start + row];
  }
  return result;
}

/** What a checkpoint is, beside its weights. */
export interface CheckpointTexts {
  /** The text of config.json. */
  readonly configJson: string;
  readonly name?: string;
  readonly tokenizerJson?: string | undefined;
  readonly tokenizerConfig?: string | undefined;
}

/** A backbone in f32 directly from the bytes of a Hugging Face checkpoint in one safetensors file. */
export function backboneFromSafetensors(texts: CheckpointTexts | string, bytes: Uint8Array): PackedBackbone {
  const { configJson, name = "checkpoint", tokenizerJson, tokenizerConfig } = typeof texts === "string" ? { configJson: texts } : texts;
  const header = readHeader(bytes);
  const rawOf = ({ offsets }: SafetensorsEntry) => bytes.subarray(header.dataStart + offsets[0], header.dataStart + offsets[1]);
  const floatsOf = ({ source, entry }: StoredTensor<SafetensorsEntry>) => decodeFloats(source, entry.dtype, rawOf(entry));
  const read = readHubConfig(configJson);
  const stored = storedTwice(read, header.tensors);
  const isUntied = stored !== null && !isSame(floatsOf(stored.table), floatsOf(stored.output));
  const config: BackboneConfig = isUntied ? { ...read, hasTiedEmbeddings: false } : read;
  const tensors = new Map<string, PackedTensor>();
  for (const wanted of tensorNames(config)) {
    const values = takeRows(wanted, floatsOf(findSource(wanted, header.tensors)), 0, wanted.shape[0] ?? 0);
    tensors.set(wanted.name, packTensor(wanted.shape, values, { encoding: "f32", groupSize: 0 }));
  }
  return packedBackbone({
    name,
    config,
    tensors,
    manifest: null,
    tokenizerJson: tokenizerJson ?? null,
    tokenizerConfig: tokenizerConfig ?? null,
  });
}

function isSame(a: Float32Array, b: Float32Array): boolean {
  return a.every((value, i) => value === b[i]);
}
