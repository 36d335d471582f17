import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Params, toF16 } from "@tutti/core";
import { expect, test } from "vitest";
import { addAdmission, convertBackbone, loadBackboneFolder, readCheckpoint } from "../node.ts";
import { checkpointInMemory, convertInMemory, goldenCheckpoint, type MemoryFiles, tinyTokenizer } from "../testing/goldenBackbone.ts";
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

/** The same file with its F32 tensors cut to 16 bits. */
function inHalf(params: Params, dtype: "F16" | "BF16"): Uint8Array<ArrayBuffer> {
  const words = (data: Float32Array) => {
    const bits = new Uint32Array(data.slice().buffer);
    return Uint16Array.from(data, (value, i) => (dtype === "F16" ? toF16(value) : (bits[i] ?? 0) >>> 16));
  };
  let at = 0;
  const entries = Object.entries(params).map(([name, { shape, data }]) => {
    const offsets = [at, at + 2 * data.length];
    at += 2 * data.length;
    return [name, { dtype, shape, data_offsets: offsets }] as const;
  });
  const header = bytesOf(JSON.stringify(Object.fromEntries(entries)));
  const file = new Uint8Array(8 + header.length + at);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  let offset = 8 + header.length;
  for (const { data } of Object.values(params)) {
    file.set(new Uint8Array(words(data).buffer), offset);
    offset += 2 * data.length;
  }
  return file;
}

test.each(["F16", "BF16"] as const)("a sharded checkpoint in %s is read through its index", async (dtype) => {
  for (const family of ["roberta", "gpt2"]) {
    const files = await goldenCheckpoint(family);
    const entries = Object.entries(readSafetensors(files.get("model.safetensors") ?? new Uint8Array(0)).params);
    files.delete("model.safetensors");
    const names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    for (const [i, name] of names.entries())
      files.set(name, inHalf(Object.fromEntries(entries.slice(20 * i, i === 0 ? 20 : undefined)), dtype));
    const index = { metadata: {}, weight_map: Object.fromEntries(entries.map(([name], i) => [name, names[i < 20 ? 0 : 1]])) };
    files.set("model.safetensors.index.json", bytesOf(JSON.stringify(index)));
    const { out } = await convertInMemory(checkpointInMemory(files));
    const [loaded, direct] = [await load(out), await readCheckpoint(folderOf(family))];
    for (const name of direct.names) {
      const [found, expected] = [loaded.tensor(name).data, direct.tensor(name).data];
      // half a step of 11 bits rounded to nearest, or a whole step of 8 bits cut off
      const step = dtype === "F16" ? 2 ** -11 : 2 ** -7;
      for (const [i, value] of expected.entries())
        expect(Math.abs((found[i] ?? 0) - value)).toBeLessThanOrEqual(step * Math.abs(value) + 2 ** -25);
      expect(found).not.toEqual(new Float32Array(found.length));
    }
  }
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

test("a folder is converted on disk, the same bytes give the same files, and golden numbers are added afterwards", async () => {
  const out = await mkdtemp(join(tmpdir(), "tutti-convert-"));
  try {
    const progress: number[] = [];
    const checkpoint = join(out, "checkpoint");
    await mkdir(checkpoint);
    await cp(folderOf("roberta"), checkpoint, { recursive: true });
    await writeFile(join(checkpoint, "tokenizer.json"), tinyTokenizer(96));
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

test("a checkpoint without a model card gets one that says what is known", async () => {
  const { out, report } = await convertInMemory(checkpointInMemory(await goldenCheckpoint("llama")), {
    name: "tiny-llama",
    encoding: "int8",
  });
  expect(report.manifest.card).toBe("README.md");
  const card = new TextDecoder().decode(out.get("README.md"));
  expect(card).toMatch(/^---\nlicense: "Apache-2.0"\n---\n# tiny-llama\n/);
  for (const fact of ["| architecture | llama, causal |", "| parameters | 29,408 |", "| stored as | int8 |", "| source | golden |"]) {
    expect(card).toContain(fact);
  }
  const { out: own } = await convertInMemory(checkpointInMemory(await goldenCheckpoint("llama")), { card: "# mine\n" });
  expect(new TextDecoder().decode(own.get("README.md"))).toBe("# mine\n");
});

test("a chat template in a file beside tokenizer_config.json becomes part of it; the config's own stays", async () => {
  const files = (config: object) =>
    goldenCheckpoint("gpt2").then((checkpoint) =>
      checkpointInMemory(
        new Map([
          ...checkpoint,
          ["tokenizer_config.json", bytesOf(JSON.stringify(config))] as const,
          ["chat_template.jinja", bytesOf("{{ messages }}")] as const,
        ]),
      ),
    );
  const configOf = async (config: object) => {
    const { out, report } = await convertInMemory(await files(config));
    const bytes = out.get("tokenizer_config.json") ?? new Uint8Array(0);
    expect(report.manifest.tokenizerConfig?.numBytes).toBe(bytes.length);
    return JSON.parse(new TextDecoder().decode(bytes));
  };
  expect(await configOf({ eos_token: "</s>" })).toEqual({ eos_token: "</s>", chat_template: "{{ messages }}" });
  expect(await configOf({ chat_template: "mine" })).toEqual({ chat_template: "mine" });
});
