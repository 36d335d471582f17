import { type Packing, packedSizes, packingFor, packRows, rowsOf, sha256Hex, type TensorEncoding, unpackTensor } from "@tutti/core";
import { findSource } from "./checkpoint.ts";
import { type CheckpointFiles, type LocatedEntry, openCheckpoint, readText } from "./checkpointFiles.ts";
import { readRows, rowsPerBlock } from "./checkpointRows.ts";
import { type ReadConfig, readHubConfigFile } from "./hubConfig.ts";
import { type BackboneManifest, type ManifestTensor, manifestSchema } from "./manifest.ts";
import { writtenCard } from "./modelCard.ts";
import { createShardWriter, type ShardWriter, type WriteFile } from "./shards.ts";
import { type TensorName, tensorNames } from "./tensorNames.ts";
import { withStoredTies } from "./ties.ts";
import { readTokenizerConfig } from "./tokenizerConfig.ts";
import { checkTokenizer } from "./tokenizerFiles.ts";
import { describeUnused } from "./unusedTensors.ts";

/** What a converted backbone is called, how it is packed, and what its manifest says of its origin. */
export interface ConvertOptions {
  /** Folder name under public/backbones. */
  readonly name: string;
  /** Encoding of the matrices. */
  readonly encoding: TensorEncoding;
  /** Input values per scale; by default 64 for int8 and nf4, 32 for int4. */
  readonly groupSize?: number;
  /** Where the checkpoint comes from, such as a hub id. */
  readonly source: string;
  readonly licence: string;
  /** The model card, stored as README.md; by default one is written from what the checkpoint tells. */
  readonly card?: string;
  /** False converts the weights alone; a tab cannot read text with such a backbone. */
  readonly hasTokenizer?: boolean;
  readonly maxShardBytes?: number;
  readonly onProgress?: (progress: { doneTensors: number; totalTensors: number; name: string }) => void;
}

/** What a conversion made of one tensor. */
export interface TensorReport {
  readonly name: string;
  readonly encoding: TensorEncoding;
  /** ‖unpacked − original‖₂ / ‖original‖₂. */
  readonly relativeError: number;
  /** ‖original‖₂². */
  readonly squares: number;
}

/** What a conversion made, and what a person should know about it. */
export interface ConvertReport {
  readonly manifest: BackboneManifest;
  readonly tensors: readonly TensorReport[];
  /** Sentences about what the checkpoint holds and the backbone does not. */
  readonly warnings: readonly string[];
}

const defaultShardBytes = 4 * 1024 * 1024;

/** Converts a Hugging Face checkpoint to Tutti's format; never holds more than one block of rows and one shard. */
export async function convertCheckpoint(files: CheckpointFiles, writeFile: WriteFile, options: ConvertOptions): Promise<ConvertReport> {
  const write = explaining(writeFile);
  const read = await readConfig(files);
  const entries = await openCheckpoint(files);
  const { config, warnings } = await withStoredTies(read, files, entries);
  const wantedTensors = tensorNames(config);
  for (const wanted of wantedTensors) findSource(wanted, entries);
  const unused = describeUnused(config, entries);
  const tokenizer = options.hasTokenizer === false ? null : await copyTokenizer(files, write, config.vocabSize);
  const tokenizerConfig = tokenizer === null ? null : await writeTokenizerConfig(files, write);

  const writer = createShardWriter(write, options.maxShardBytes ?? defaultShardBytes);
  const tensors: ManifestTensor[] = [];
  const reports: TensorReport[] = [];
  for (const wanted of wantedTensors) {
    const { tensor, report } = await convertTensor({ files, entries, writer, options }, wanted);
    tensors.push(tensor);
    reports.push(report);
    options.onProgress?.({ doneTensors: tensors.length, totalTensors: wantedTensors.length, name: wanted.name });
  }
  const shards = await writer.finish();
  const known = {
    format: "tutti-backbone" as const,
    formatVersion: 1 as const,
    name: options.name,
    config,
    encoding: options.encoding,
    numParameters: wantedTensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    numBytes: shards.reduce((sum, { numBytes }) => sum + numBytes, 0),
    source: options.source,
    licence: options.licence,
    tokenizer,
    tokenizerConfig,
    errors: errorsOf(reports),
    shards,
    tensors,
  };
  await write("README.md", new TextEncoder().encode(options.card ?? writtenCard(known)));
  const manifest = manifestSchema.parse({ ...known, card: "README.md" });
  await write("manifest.json", manifestBytes(manifest));
  return { manifest, tensors: reports, warnings: [...warnings, ...unused] };
}

async function readConfig(files: CheckpointFiles): Promise<ReadConfig> {
  const configJson = await readText(files, "config.json");
  if (configJson === null) throw new Error("the folder has no config.json");
  return readHubConfigFile(configJson);
}

async function copyTokenizer(files: CheckpointFiles, write: WriteFile, vocabSize: number) {
  const text = await readText(files, "tokenizer.json");
  if (text === null) {
    throw new Error(
      "the folder has no tokenizer.json (a fast tokenizer); save one with tokenizer.save_pretrained, or convert with --no-tokenizer " +
        "to have the weights alone",
    );
  }
  checkTokenizer(text, await readText(files, "tokenizer_config.json"), vocabSize);
  return copyFile(files, write, "tokenizer.json");
}

/** A full disk is told as what it is. */
function explaining(write: WriteFile): WriteFile {
  return async (file, bytes) => {
    try {
      await write(file, bytes);
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? cause.code : null;
      if (code !== "ENOSPC" && code !== "EDQUOT") throw cause;
      throw new Error(`the disk is full: ${file} with ${bytes.length} bytes could not be written; free some space and convert again`, {
        cause,
      });
    }
  };
}

/** Errors over all tensors, and the worst of one. */
function errorsOf(reports: readonly TensorReport[]): NonNullable<BackboneManifest["errors"]> {
  const total = (of: (report: TensorReport) => number) => reports.reduce((sum, report) => sum + of(report), 0);
  const worst = reports.reduce((a, b) => (b.relativeError > a.relativeError ? b : a));
  const squares = total((report) => report.squares);
  return {
    weights: squares === 0 ? 0 : Math.sqrt(total((report) => report.relativeError ** 2 * report.squares) / squares),
    worstTensor: { name: worst.name, relativeError: worst.relativeError },
  };
}

/** The text of manifest.json: one line per shard and tensor, so that differences can be read. */
export function manifestBytes(manifest: BackboneManifest): Uint8Array<ArrayBuffer> {
  const fields = Object.entries(manifest).map(([name, value]) => {
    const isList = name === "shards" || name === "tensors";
    const text =
      isList && Array.isArray(value) ? `[\n${value.map((item) => `  ${JSON.stringify(item)}`).join(",\n")}\n]` : JSON.stringify(value);
    return `${JSON.stringify(name)}: ${text}`;
  });
  return new TextEncoder().encode(`{\n${fields.join(",\n")}\n}\n`);
}

/** A manifest with the golden numbers of the admission test. */
export function withAdmission(manifest: BackboneManifest, admission: NonNullable<BackboneManifest["admission"]>): BackboneManifest {
  return manifestSchema.parse({ ...manifest, admission });
}

interface Conversion {
  readonly files: CheckpointFiles;
  readonly entries: ReadonlyMap<string, LocatedEntry>;
  readonly writer: ShardWriter;
  readonly options: ConvertOptions;
}

async function convertTensor(conversion: Conversion, wanted: TensorName): Promise<{ tensor: ManifestTensor; report: TensorReport }> {
  const { files, entries, writer, options } = conversion;
  const { rows, width } = rowsOf(wanted.shape);
  const packing = packingOf(wanted, options);
  await writer.align();
  const start = writer.position();
  const scales: Uint8Array[] = [];
  let errorSquares = 0;
  let squares = 0;
  const blockRows = rowsPerBlock(wanted);
  for (let first = 0; first < rows; first += blockRows) {
    const values = await readRows(files, entries, wanted, { first, count: Math.min(blockRows, rows - first) });
    const packed = named(wanted.name, () => packRows(values, width, packing));
    await writer.append(packed.values);
    scales.push(packed.scales);
    const error = packingError(values, width, packing, packed);
    errorSquares += error.errorSquares;
    squares += error.squares;
  }
  const { scaleOffset, numBytes } = packedSizes(wanted.shape, packing);
  if (numBytes > scaleOffset) await writer.align();
  for (const block of scales) await writer.append(block);
  const tensor = { name: wanted.name, shape: wanted.shape, ...packing, parts: writer.partsOf(start, numBytes) };
  const relativeError = squares === 0 ? 0 : Math.sqrt(errorSquares / squares);
  return { tensor, report: { name: wanted.name, encoding: packing.encoding, relativeError, squares } };
}

function named<T>(name: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw new Error(`tensor ${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Matrices take the chosen encoding; norms, biases, positions and token types are small and stay in f16, or f32 if all is. */
export function packingOf(
  wanted: Pick<TensorName, "name" | "shape">,
  { encoding, groupSize }: Pick<ConvertOptions, "encoding" | "groupSize">,
): Packing {
  const isSmall = wanted.shape.length === 1 || wanted.name === "embeddings.position" || wanted.name === "embeddings.type";
  if (isSmall) return { encoding: encoding === "f32" ? "f32" : "f16", groupSize: 0 };
  const usual = packingFor(encoding);
  return usual.groupSize === 0 ? usual : { encoding, groupSize: groupSize ?? usual.groupSize };
}

function packingError(values: Float32Array, width: number, packing: Packing, packed: ReturnType<typeof packRows>) {
  const shape = [values.length / width, width];
  const { scaleOffset, numBytes } = packedSizes(shape, packing);
  const bytes = new Uint8Array(numBytes);
  bytes.set(packed.values, 0);
  bytes.set(packed.scales, scaleOffset);
  const unpacked = unpackTensor({ shape, ...packing, bytes });
  let errorSquares = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    errorSquares += (unpacked[i] - values[i]) ** 2;
    squares += values[i] ** 2;
  }
  return { errorSquares, squares };
}

async function copyFile(files: CheckpointFiles, write: WriteFile, file: string) {
  const numBytes = await files.size(file);
  if (numBytes === null) return null;
  return writeHashed(write, file, await files.read(file, 0, numBytes));
}

async function writeTokenizerConfig(files: CheckpointFiles, write: WriteFile) {
  const file = "tokenizer_config.json";
  const text = await readTokenizerConfig(files);
  if (text === null || text === (await readText(files, file))) return copyFile(files, write, file);
  return writeHashed(write, file, new Uint8Array(new TextEncoder().encode(text)));
}

async function writeHashed(write: WriteFile, file: string, bytes: Uint8Array<ArrayBuffer>) {
  const sha256 = await sha256Hex(bytes);
  await write(file, bytes);
  return { file, sha256, numBytes: bytes.length };
}
