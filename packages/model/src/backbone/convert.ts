import { findSource, takeRows } from "./checkpoint.ts";
import { type CheckpointFiles, type LocatedEntry, openCheckpoint, readElements, readText } from "./checkpointFiles.ts";
import { readHubConfig } from "./hubConfig.ts";
import { type BackboneManifest, type ManifestTensor, manifestSchema } from "./manifest.ts";
import { type Packing, packedSizes, packingFor, packRows, rowsOf, type TensorEncoding, unpackTensor } from "./pack.ts";
import { sha256Hex } from "./sha256.ts";
import { createShardWriter, type ShardWriter, type WriteFile } from "./shards.ts";
import { type TensorName, tensorNames } from "./tensorNames.ts";

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
  /** The model card, stored as README.md. */
  readonly card?: string;
  readonly maxShardBytes?: number;
  readonly onProgress?: (progress: { doneTensors: number; totalTensors: number; name: string }) => void;
}

/** What a conversion made of one tensor. */
export interface TensorReport {
  readonly name: string;
  readonly encoding: TensorEncoding;
  /** ‖unpacked − original‖₂ / ‖original‖₂. */
  readonly relativeError: number;
}

export interface ConvertReport {
  readonly manifest: BackboneManifest;
  readonly tensors: readonly TensorReport[];
}

const defaultShardBytes = 4 * 1024 * 1024;
const blockFloats = 1 << 20;

/** Converts a Hugging Face checkpoint to Tutti's format; never holds more than one block of rows and one shard. */
export async function convertCheckpoint(files: CheckpointFiles, write: WriteFile, options: ConvertOptions): Promise<ConvertReport> {
  const configJson = await readText(files, "config.json");
  if (configJson === null) throw new Error("the folder has no config.json");
  const config = readHubConfig(configJson);
  const entries = await openCheckpoint(files);
  const tokenizer = await copyFile(files, write, "tokenizer.json");
  if (tokenizer === null) throw new Error("the folder has no tokenizer.json (a fast tokenizer); save one with tokenizer.save_pretrained");
  const tokenizerConfig = await copyFile(files, write, "tokenizer_config.json");
  if (options.card !== undefined) await write("README.md", new TextEncoder().encode(options.card));

  const wantedTensors = tensorNames(config);
  for (const wanted of wantedTensors) findSource(wanted, entries);
  const writer = createShardWriter(write, options.maxShardBytes ?? defaultShardBytes);
  const tensors: ManifestTensor[] = [];
  const reports: TensorReport[] = [];
  for (const wanted of wantedTensors) {
    const { tensor, relativeError } = await convertTensor({ files, entries, writer, options }, wanted);
    tensors.push(tensor);
    reports.push({ name: wanted.name, encoding: tensor.encoding, relativeError });
    options.onProgress?.({ doneTensors: tensors.length, totalTensors: wantedTensors.length, name: wanted.name });
  }
  const shards = await writer.finish();
  const manifest = manifestSchema.parse({
    format: "tutti-backbone",
    formatVersion: 1,
    name: options.name,
    config,
    encoding: options.encoding,
    numParameters: wantedTensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    numBytes: shards.reduce((sum, { numBytes }) => sum + numBytes, 0),
    source: options.source,
    licence: options.licence,
    card: options.card === undefined ? null : "README.md",
    tokenizer,
    tokenizerConfig,
    shards,
    tensors,
  });
  await write("manifest.json", manifestBytes(manifest));
  return { manifest, tensors: reports };
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

async function convertTensor(conversion: Conversion, wanted: TensorName): Promise<{ tensor: ManifestTensor; relativeError: number }> {
  const { writer, options } = conversion;
  const { rows, width } = rowsOf(wanted.shape);
  const packing = packingOf(wanted, options);
  await writer.align();
  const start = writer.position();
  const scales: Uint8Array[] = [];
  let errorSquares = 0;
  let squares = 0;
  const blockRows = Math.max(1, Math.floor(blockFloats / width));
  for (let first = 0; first < rows; first += blockRows) {
    const values = await readRows(conversion, wanted, { first, count: Math.min(blockRows, rows - first) });
    const packed = packRows(values, width, packing);
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
  return { tensor, relativeError: squares === 0 ? 0 : Math.sqrt(errorSquares / squares) };
}

/** Matrices take the chosen encoding; norms, biases, positions and token types are small and stay in f16, or f32 if all is. */
function packingOf(wanted: TensorName, { encoding, groupSize }: ConvertOptions): Packing {
  const isSmall = wanted.shape.length === 1 || wanted.name === "embeddings.position" || wanted.name === "embeddings.type";
  if (isSmall) return { encoding: encoding === "f32" ? "f32" : "f16", groupSize: 0 };
  const usual = packingFor(encoding);
  return usual.groupSize === 0 ? usual : { encoding, groupSize: groupSize ?? usual.groupSize };
}

/** Rows of the wanted tensor; a vector is one row. Transposed matrices are read whole. */
async function readRows(
  { files, entries }: Conversion,
  wanted: TensorName,
  range: { first: number; count: number },
): Promise<Float32Array> {
  const { source, entry } = findSource(wanted, entries);
  const { width } = rowsOf(wanted.shape);
  if (wanted.isTransposed) {
    const all = wanted.sourceShape.reduce((a, b) => a * b, 1);
    return takeRows(wanted, await readElements(files, source, entry, { first: 0, count: all }), range.first, range.count);
  }
  const first = wanted.shape.length === 1 ? wanted.firstOutput : (wanted.firstOutput + range.first) * width;
  return readElements(files, source, entry, { first, count: range.count * width });
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
  const bytes = await files.read(file, 0, numBytes);
  const sha256 = await sha256Hex(bytes);
  await write(file, bytes);
  return { file, sha256, numBytes };
}
