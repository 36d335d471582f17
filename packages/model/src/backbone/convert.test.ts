import { cp, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { addAdmission, convertBackbone, loadBackboneFolder, readCheckpoint } from "../node.ts";
import { checkpointInMemory, convertInMemory, goldenCheckpoint, type MemoryFiles } from "../testing/goldenBackbone.ts";
import { loadBackbone } from "./load.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

const folderOf = (family: string) => fileURLToPath(new URL(`../../golden/${family}`, import.meta.url));
const load = (out: MemoryFiles) => loadBackbone({ read: async (file) => out.get(file) ?? new Uint8Array(0) });
const bytesOf = (text: string) => new Uint8Array(new TextEncoder().encode(text));

test.each(["roberta", "bert", "gpt2", "llama", "llama3"])(
  "a %s checkpoint converted in f32 holds the same numbers, over many shards",
  async (family) => {
    const { out, report } = await convertInMemory(checkpointInMemory(await goldenCheckpoint(family)), { maxShardBytes: 4096 });
    const direct = await readCheckpoint(folderOf(family));
    const loaded = await load(out);
    expect(loaded.names).toEqual(direct.names);
    for (const name of direct.names) expect(loaded.tensor(name)).toEqual(direct.tensor(name));
    expect(report.manifest.shards.length).toBeGreaterThan(20);
    expect(report.manifest.shards.every(({ numBytes }) => numBytes <= 4096)).toBe(true);
    expect(report.manifest.tensors.every(({ parts }) => parts[0]?.offset !== undefined && parts[0].offset % 64 === 0)).toBe(true);
    expect(report.tensors.every(({ relativeError }) => relativeError === 0)).toBe(true);
  },
);

test("int8 packs the matrices, f16 the rest, and the report says how far off each is", async () => {
  const { out, report } = await convertInMemory(checkpointInMemory(await goldenCheckpoint("llama")), { encoding: "int8", groupSize: 32 });
  const direct = await readCheckpoint(folderOf("llama"));
  const loaded = await load(out);
  for (const { name, encoding, relativeError } of report.tensors) {
    expect(encoding).toBe(name.endsWith("norm.weight") ? "f16" : "int8");
    const [a, b] = [loaded.tensor(name).data, direct.tensor(name).data];
    const error = Math.hypot(...a.map((value, i) => value - b[i])) / Math.hypot(...b);
    expect(relativeError).toBeCloseTo(error, 6);
    expect(error).toBeLessThan(encoding === "int8" ? 0.01 : 0.0005);
  }
});

test("a sharded checkpoint in half precision is read through its index", async () => {
  const files = await goldenCheckpoint("roberta");
  const whole = files.get("model.safetensors") ?? new Uint8Array(0);
  const entries = Object.entries(readSafetensors(whole).params);
  const halves = [entries.slice(0, 20), entries.slice(20)].map((half) => new Uint8Array(writeSafetensors(Object.fromEntries(half))));
  files.delete("model.safetensors");
  const names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  for (const [i, name] of names.entries()) files.set(name, halves[i] ?? new Uint8Array(0));
  const index = { weight_map: Object.fromEntries(entries.map(([name], i) => [name, names[i < 20 ? 0 : 1]])) };
  files.set("model.safetensors.index.json", bytesOf(JSON.stringify(index)));
  const { out } = await convertInMemory(checkpointInMemory(files));
  const direct = await readCheckpoint(folderOf("roberta"));
  expect((await load(out)).tensor("head.bias")).toEqual(direct.tensor("head.bias"));
});

test("a table larger than a block is read in blocks of rows, never at once", async () => {
  const files = await goldenCheckpoint("roberta");
  const vocabSize = 40_000;
  const config = JSON.parse(new TextDecoder().decode(files.get("config.json")));
  const { params } = readSafetensors(files.get("model.safetensors") ?? new Uint8Array(0));
  const table = Float32Array.from({ length: vocabSize * 32 }, (_, i) => Math.sin(i));
  files.set("config.json", bytesOf(JSON.stringify({ ...config, vocab_size: vocabSize })));
  const larger = {
    ...params,
    "roberta.embeddings.word_embeddings.weight": { shape: [vocabSize, 32], data: table },
    "lm_head.bias": { shape: [vocabSize], data: new Float32Array(vocabSize) },
  };
  files.set("model.safetensors", new Uint8Array(writeSafetensors(larger)));
  const reads: number[] = [];
  const { out } = await convertInMemory(checkpointInMemory(files, reads), { encoding: "int8" });
  expect(Math.max(...reads)).toBe(4 * 2 ** 20);
  const rows = (await load(out)).rows("embeddings.word", [32_767, 32_768, 39_999]); // on both sides of the cut between blocks
  for (const [i, row] of [32_767, 32_768, 39_999].entries()) expect(rows[32 * i + 5]).toBeCloseTo(Math.sin(row * 32 + 5), 1.9);
});

test("what cannot be represented is refused with a sentence, before anything large is written", async () => {
  const convert = async (change: (files: MemoryFiles) => void) => {
    const files = await goldenCheckpoint("roberta");
    change(files);
    return convertInMemory(checkpointInMemory(files));
  };
  await expect(convert((files) => files.delete("config.json"))).rejects.toThrow("the folder has no config.json");
  await expect(convert((files) => files.delete("tokenizer.json"))).rejects.toThrow("the folder has no tokenizer.json");
  await expect(convert((files) => files.delete("model.safetensors"))).rejects.toThrow("has no model.safetensors and no");
  await expect(
    convert((files) => {
      files.delete("model.safetensors");
      files.set("pytorch_model.bin", new Uint8Array(9));
    }),
  ).rejects.toThrow("only pickle files (pytorch_model.bin)");
  await expect(
    convert((files) => files.set("model.safetensors", (files.get("model.safetensors") ?? new Uint8Array(0)).slice(0, -8))),
  ).rejects.toThrow("truncated file?");
});

test("a folder is converted on disk, the same bytes give the same files, and golden numbers are added afterwards", async () => {
  const out = await mkdtemp(join(tmpdir(), "tutti-convert-"));
  try {
    const minuet = fileURLToPath(new URL("../../../../public/backbones/minuet", import.meta.url));
    const progress: number[] = [];
    const checkpoint = join(out, "checkpoint");
    await mkdir(checkpoint);
    await cp(folderOf("roberta"), checkpoint, { recursive: true });
    await cp(join(minuet, "tokenizer.json"), join(checkpoint, "tokenizer.json"));
    const options = { name: "tiny", encoding: "int8" as const, source: "golden", licence: "Apache-2.0", card: "# tiny\n" };
    const first = await convertBackbone(checkpoint, join(out, "a"), {
      ...options,
      onProgress: ({ doneTensors }) => progress.push(doneTensors),
    });
    await convertBackbone(checkpoint, join(out, "b"), { ...options, encoding: "f32" });
    await convertBackbone(checkpoint, join(out, "b"), options); // leaves no shards of the conversion before
    expect(await readdir(join(out, "a"))).toEqual(await readdir(join(out, "b")));
    expect(await readFile(join(out, "a", "manifest.json"))).toEqual(await readFile(join(out, "b", "manifest.json")));
    expect(progress).toEqual(first.manifest.tensors.map((_, i) => i + 1));
    const numbers = {
      ids: [0, 7, 2],
      maskPosition: 1,
      target: 9,
      promptTokens: 4,
      promptSeed: 7,
      logitIds: [3],
      logits: [0.25],
      loss: 4.5,
      gradientIndices: [11],
      gradient: [-0.5],
      gradientNorm: 0.75,
    };
    await addAdmission(join(out, "a"), async (backbone) => ({ ...numbers, target: backbone.config.numLayers }));
    expect((await loadBackboneFolder(join(out, "a"))).manifest?.admission).toEqual({ ...numbers, target: 3 });
  } finally {
    await rm(out, { recursive: true });
  }
});
