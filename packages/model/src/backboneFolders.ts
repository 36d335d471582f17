import { closeSync, openSync, readSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tensor } from "@tutti/core";
import { type PackedTensor, packTensor } from "@tutti/core";
import { findSource, takeRows } from "./backbone/checkpoint.ts";
import { type CheckpointFiles, type LocatedEntry, openCheckpoint, readText } from "./backbone/checkpointFiles.ts";
import { blockFloats } from "./backbone/checkpointRows.ts";
import { readHubConfigFile } from "./backbone/hubConfig.ts";
import { parseManifest } from "./backbone/manifest.ts";
import { backboneOver, type PackedBackbone } from "./backbone/packed.ts";
import { decodeFloats, floatBytes } from "./backbone/safetensors.ts";
import { type TensorName, tensorNames } from "./backbone/tensorNames.ts";
import { withStoredTies } from "./backbone/ties.ts";
import { readTokenizerConfig } from "./backbone/tokenizerConfig.ts";

/** A converted backbone whose tensors are read from its shards when they are asked for; nothing is hashed. Node only. */
export async function openBackboneFolder(folder: string): Promise<PackedBackbone> {
  const manifest = parseManifest(await readFile(join(folder, "manifest.json")));
  const text = async (file: { readonly file: string } | null) => (file === null ? null : readFile(join(folder, file.file), "utf8"));
  const tensors = new Map(manifest.tensors.map((tensor) => [tensor.name, tensor]));
  const identity = {
    name: manifest.name,
    config: manifest.config,
    manifest,
    tokenizerJson: await text(manifest.tokenizer),
    tokenizerConfig: await text(manifest.tokenizerConfig),
  };
  return backboneOver(identity, {
    shapes: new Map(manifest.tensors.map(({ name, shape }) => [name, shape])),
    packed(name): PackedTensor {
      const tensor = tensors.get(name);
      if (tensor === undefined) throw new Error(`${folder} has no tensor ${name}`);
      const { shape, encoding, groupSize, parts } = tensor;
      const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const { shard, offset, length } of parts) {
        readInto(join(folder, `${manifest.shards[shard]?.sha256}.bin`), bytes.subarray(at, at + length), offset);
        at += length;
      }
      return { shape, encoding, groupSize, bytes };
    },
  });
}

/** A Hugging Face folder as a backbone in f32 whose tensors are read when they are asked for, tables only by their rows. Node only. */
export async function openCheckpointFolder(folder: string, files: CheckpointFiles): Promise<PackedBackbone> {
  const configJson = await readText(files, "config.json");
  if (configJson === null) throw new Error(`${folder} has no config.json`);
  const entries = await openCheckpoint(files);
  const { config } = await withStoredTies(readHubConfigFile(configJson), files, entries);
  const wantedByName = new Map(tensorNames(config).map((wanted) => [wanted.name, wanted]));
  for (const wanted of wantedByName.values()) findSource(wanted, entries);
  const identity = {
    name: folder,
    config,
    manifest: null,
    tokenizerJson: await readText(files, "tokenizer.json"),
    tokenizerConfig: await readTokenizerConfig(files),
  };
  const find = (name: string) => {
    const wanted = wantedByName.get(name);
    if (wanted === undefined) throw new Error(`${folder} has no tensor ${name}`);
    return { wanted, ...findSource(wanted, entries) };
  };
  return backboneOver(identity, {
    shapes: new Map([...wantedByName.values()].map(({ name, shape }) => [name, shape])),
    packed: (name) => {
      const { shape, data } = wholeTensor(folder, find(name));
      return packTensor(shape, data, { encoding: "f32", groupSize: 0 });
    },
    unpacked: (name) => wholeTensor(folder, find(name)),
    rows(name, rowIndices) {
      const { wanted, source, entry } = find(name);
      const [rows, width] = wanted.shape;
      if (wanted.isTransposed || width === undefined) throw new Error(`${name} is not a table of rows in ${folder}`);
      const each = floatBytes(source, entry.dtype);
      const result = new Float32Array(rowIndices.length * width);
      for (let i = 0; i < rowIndices.length; i++) {
        if (!(rowIndices[i] < rows)) throw new RangeError(`row ${rowIndices[i]} of a table with ${rows} rows`);
        const bytes = new Uint8Array(each * width);
        readInto(join(folder, entry.file), bytes, entry.start + each * width * (wanted.firstOutput + rowIndices[i]));
        result.set(decodeFloats(source, entry.dtype, bytes), i * width);
      }
      return result;
    },
  });
}

/** A tensor as f32, read in blocks of rows, so that no second copy of it is held; a transposed one is read whole. */
function wholeTensor(folder: string, { wanted, source, entry }: { wanted: TensorName; source: string; entry: LocatedEntry }): Tensor {
  const path = join(folder, entry.file);
  const { shape } = wanted;
  if (wanted.isTransposed) {
    const bytes = new Uint8Array(entry.offsets[1] - entry.offsets[0]);
    readInto(path, bytes, entry.start);
    return { shape, data: takeRows(wanted, decodeFloats(source, entry.dtype, bytes), 0, shape[0]) };
  }
  const each = floatBytes(source, entry.dtype);
  const width = shape.length === 1 ? 1 : shape[1];
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let at = 0; at < data.length; at += blockFloats) {
    const bytes = new Uint8Array(each * Math.min(blockFloats, data.length - at));
    const first = wanted.firstOutput * width + at;
    readInto(path, bytes, entry.start + each * first);
    data.set(decodeFloats(source, entry.dtype, bytes, first), at);
  }
  return { shape, data };
}

function readInto(path: string, target: Uint8Array, position: number): void {
  const file = openSync(path, "r");
  try {
    for (let at = 0; at < target.length; ) {
      const numBytes = readSync(file, target, at, target.length - at, position + at);
      if (numBytes === 0) throw new Error(`${path}: ${target.length} bytes wanted at ${position}, ${at} read (truncated?)`);
      at += numBytes;
    }
  } finally {
    closeSync(file);
  }
}
