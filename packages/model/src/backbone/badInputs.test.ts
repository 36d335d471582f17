import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { convertBackbone } from "../node.ts";
import { goldenCheckpoint, type MemoryFiles, tinyTokenizer } from "../testing/goldenBackbone.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

// The twelfth bad input, a hub that cannot be reached, is in hub.test.ts.

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tutti-bad-"));
});
afterAll(() => rm(folder, { recursive: true }));

const options = { name: "bad", encoding: "int8", source: "golden", licence: "Apache-2.0" } as const;
const weights = "model.safetensors";
const textOf = (text: string) => new Uint8Array(new TextEncoder().encode(text));

/** The golden roberta on disk with one change; the outcome, and the files left behind. */
async function convertChanged(change: (files: MemoryFiles) => void, ports?: Parameters<typeof convertBackbone>[3]) {
  const files = await goldenCheckpoint("roberta");
  change(files);
  const place = await mkdtemp(join(folder, "one-"));
  const checkpoint = join(place, "checkpoint");
  await mkdir(checkpoint);
  for (const [file, bytes] of files) await writeFile(join(checkpoint, file), bytes);
  const error = await convertBackbone(checkpoint, join(place, "out"), options, ports).then(
    () => null,
    (caught: unknown) => caught,
  );
  return { message: error instanceof Error ? error.message : null, left: (await readdir(place)).filter((name) => name !== "checkpoint") };
}

const bytesOf = (files: MemoryFiles, file = weights) => files.get(file) ?? new Uint8Array(0);

/** Rewrites the header of model.safetensors, the data staying as it is. */
function changeHeader(files: MemoryFiles, change: (header: Record<string, { shape: number[]; data_offsets: number[] }>) => void): void {
  const file = bytesOf(files);
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  change(header);
  const json = textOf(JSON.stringify(header));
  const changed = new Uint8Array(8 + json.length + file.length - 8 - length);
  new DataView(changed.buffer).setBigUint64(0, BigInt(json.length), true);
  changed.set(json, 8);
  changed.set(file.subarray(8 + length), 8 + json.length);
  files.set(weights, changed);
}

function changeTensor(files: MemoryFiles, name: string, change: (values: Float32Array) => void): void {
  const { params } = readSafetensors(bytesOf(files));
  change(params[name]?.data ?? new Float32Array(0));
  files.set(weights, new Uint8Array(writeSafetensors(params)));
}

const key = "roberta.encoder.layer.1.attention.self.key.weight";
const query = "roberta.encoder.layer.1.attention.self.query.weight";

test.each<[string, (files: MemoryFiles) => void, string]>([
  ["a truncated file", (files) => files.set(weights, bytesOf(files).slice(0, -8)), "(truncated file?)"],
  [
    "a wrong header length",
    (files) => new DataView(bytesOf(files).buffer).setBigUint64(0, 50_000_000n, true),
    "safetensors: the header needs 50000008 bytes, the file has 119736 (truncated?)",
  ],
  [
    "overlapping offsets",
    (files) => changeHeader(files, (header) => Object.assign(header[key] ?? {}, { data_offsets: header[query]?.data_offsets })),
    `safetensors: tensors ${query} and ${key} overlap`,
  ],
  [
    "a missing tensor",
    (files) => changeHeader(files, (header) => delete header[key]),
    `the checkpoint has no tensor ${key}, under that or a shorter name (needed as layers.1.attention.key.weight)`,
  ],
  [
    "a wrong shape",
    (files) => changeHeader(files, (header) => Object.assign(header[key] ?? {}, { shape: [16, 64] })),
    `tensor ${key} has shape [16,64], the configuration needs [32,32]`,
  ],
  [
    "NaN weights",
    (files) => changeTensor(files, key, (values) => values.fill(Number.NaN, 77, 78)),
    `safetensors: tensor ${key} holds NaN at element 77`,
  ],
  [
    "an unknown family",
    (files) => files.set("config.json", textOf('{"model_type": "mamba"}')),
    'config.json: model_type "mamba" is not supported; the families are roberta, bert, gpt2, llama',
  ],
  [
    "a pickle file",
    (files) => {
      files.set("pytorch_model.bin", bytesOf(files));
      files.delete(weights);
    },
    "the checkpoint has only pickle files (pytorch_model.bin), which can run code when read: save it as safetensors first",
  ],
  ["no tokenizer", (files) => files.delete("tokenizer.json"), "the folder has no tokenizer.json"],
  [
    "a vocabulary mismatch",
    (files) => files.set("tokenizer.json", textOf(tinyTokenizer(97))),
    "tokenizer.json goes up to token 96, but config.json's vocab_size is 96: they belong to different models",
  ],
  ["no configuration", (files) => files.delete("config.json"), "the folder has no config.json"],
  ["a configuration that is cut off", (files) => files.set("config.json", textOf('{"model_type"')), "config.json is not JSON"],
  ["no weights", (files) => files.delete(weights), "the folder has no model.safetensors and no model.safetensors.index.json"],
  [
    "an index that leads out of the folder",
    (files) => {
      files.set("model.safetensors.index.json", textOf(JSON.stringify({ weight_map: { [key]: "../elsewhere.safetensors" } })));
      files.delete(weights);
    },
    "model.safetensors.index.json: ✖ a file beside the index",
  ],
  [
    "an index whose file is missing",
    (files) => {
      files.set("model.safetensors.index.json", textOf(JSON.stringify({ weight_map: { [key]: "model-00001-of-00002.safetensors" } })));
      files.delete(weights);
    },
    "model.safetensors.index.json names model-00001-of-00002.safetensors, which is not there",
  ],
  [
    "a tokenizer that is a pointer",
    (files) => files.set("tokenizer.json", textOf("version https://git-lfs")),
    "tokenizer.json is not JSON",
  ],
  [
    "a weight beyond half precision",
    (files) => changeTensor(files, "roberta.embeddings.LayerNorm.bias", (values) => values.fill(7e4, 3, 4)),
    "tensor embeddings.norm.bias: 70000 does not fit in f16, whose largest value is 65504",
  ],
])("%s is refused with a sentence, and nothing is left behind", async (_, change, message) => {
  const result = await convertChanged(change);
  expect(result.message).toContain(message);
  expect(result.left).toEqual([]);
});

test("a full disk is told as one, and the backbone that was there stays", async () => {
  let freeBytes = 30_000;
  const disk = {
    writeFile: async (path: string, bytes: Uint8Array) => {
      freeBytes -= bytes.length;
      if (freeBytes < 0) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
      await writeFile(path, bytes);
    },
  };
  const { message, left } = await convertChanged(() => {}, disk);
  expect(message).toMatch(/^the disk is full: [0-9a-f]{64}\.bin with \d+ bytes could not be written; free some space/);
  expect(left).toEqual([]);

  const out = join(folder, "kept");
  const checkpoint = join(folder, "kept-checkpoint");
  await mkdir(checkpoint);
  for (const [file, bytes] of await goldenCheckpoint("roberta")) await writeFile(join(checkpoint, file), bytes);
  await convertBackbone(checkpoint, out, options);
  const before = await readFile(join(out, "manifest.json"));
  freeBytes = 30_000;
  await expect(convertBackbone(checkpoint, out, { ...options, encoding: "f32" }, disk)).rejects.toThrow("the disk is full");
  expect(await readFile(join(out, "manifest.json"))).toEqual(before);
  expect((await readdir(out)).length).toBe(4); // manifest, shard, tokenizer and model card
});

test("weights without a tokenizer are converted when asked for", async () => {
  const checkpoint = join(folder, "weights-only");
  await mkdir(checkpoint);
  const files = await goldenCheckpoint("llama");
  files.delete("tokenizer.json");
  for (const [file, bytes] of files) await writeFile(join(checkpoint, file), bytes);
  const { manifest } = await convertBackbone(checkpoint, join(folder, "weights-only-out"), { ...options, hasTokenizer: false });
  expect(manifest.tokenizer).toBeNull();
});
