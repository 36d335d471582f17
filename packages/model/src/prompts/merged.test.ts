import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { createRandom, type Params, presets, type RunSettings, type TunedMethod } from "@tutti/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tokenBatch } from "../backbone/batch.ts";
import { readHubConfigFile } from "../backbone/hubConfig.ts";
import { hubConfigText } from "../backbone/hubConfigText.ts";
import type { PackedBackbone } from "../backbone/packed.ts";
import { readSafetensors } from "../backbone/safetensors.ts";
import { createTransformer } from "../backbone/transformer.ts";
import { startBackend } from "../backends.ts";
import { readCheckpoint } from "../node.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { drawValues } from "../testing/layerTuners.ts";
import { createTuner } from "../tuning/createTuner.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { createBareTuner } from "../tuning/prefix.ts";
import type { Tuner } from "../tuning/tuner.ts";
import { requireMergeable, writeMergedFolder } from "./merged.ts";
import type { TunedPrompts } from "./promptsFile.ts";

let place: string;
beforeAll(async () => {
  await startBackend("wasm");
  place = await mkdtemp(join(tmpdir(), "tutti-merged-"));
});
afterAll(() => rm(place, { recursive: true }));

const families = ["roberta", "bert", "gpt2", "llama", "llama3"];
const { promptDropout, positionsAfterPrefix, lossOver } = presets.demo.tuning;
const common = { promptDropout, positionsAfterPrefix, lossOver } as const;

function tuned(family: string, tuning: TunedMethod): TunedPrompts {
  const settings: RunSettings = {
    ...presets.demo,
    backbone: `golden-${family}`,
    task: "feedback/topic",
    tuning: { ...tuning, ...common } as RunSettings["tuning"],
  };
  const { entries } = tunedLayout(goldenBackbone(family).config, tuning, 4);
  return { runId: "one", settings, params: drawValues(entries, 0.2) };
}

async function written(name: string, prompts: TunedPrompts, backbone: PackedBackbone): Promise<string> {
  const folder = join(place, name);
  await mkdir(folder, { recursive: true });
  for (const [file, bytes] of writeMergedFolder(prompts, backbone))
    await writeFile(join(folder, file), bytes instanceof Uint8Array ? bytes : Buffer.concat([...bytes]));
  return folder;
}

/** Logits of 12 words at every token of two texts. */
function logitsOf(backbone: PackedBackbone, params: Params, tunerOf: (transformer: ReturnType<typeof createTransformer>) => Tuner) {
  const transformer = createTransformer(backbone);
  const batch = tokenBatch(
    [
      [5, 17, 44, 80, 31, 9],
      [62, 8, 21],
    ],
    transformer.config.padTokenId,
  );
  const words = Array.from({ length: 12 }, (_, i) => 7 * i + 5);
  const logits = tf.tidy(() => {
    const values = Object.fromEntries(Object.entries(params).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]));
    const { last } = tunerOf(transformer).forward(values, batch, { positionsAfterPrefix: false, hasGradient: false });
    return transformer.head.forward(last, words, false).logits.dataSync();
  });
  transformer.dispose();
  return logits;
}

const gate = (family: string) => (family.startsWith("llama") ? (["gate"] as const) : []);
const cases = families.flatMap((family): [string, string, TunedMethod][] => [
  [
    family,
    "lora",
    {
      method: "lora",
      rank: 3,
      alpha: 6,
      targets: ["q", "k", "v", "o", "up", "down", ...gate(family)],
      ranks: { k: 2 },
      alphaOver: "rootRank",
      head: "labelWords",
    },
  ],
  [family, "full", { method: "full", head: "labelWords" }],
]);

test.each(cases)("a merged %s of %s, read by our own reader, gives the logits of backbone and run", async (family, method, tuning) => {
  const backbone = goldenBackbone(family);
  const prompts = tuned(family, tuning);
  const merged = await readCheckpoint(await written(`${family}-${method}`, prompts, backbone));
  expect(merged.config).toEqual(backbone.config);
  const apart = logitsOf(backbone, prompts.params, (transformer) => createTuner(transformer, tuning, { random: createRandom(1) }));
  const together = logitsOf(merged, {}, createBareTuner);
  const bare = logitsOf(backbone, {}, createBareTuner);
  const furthest = (other: ArrayLike<number>) => Math.max(...apart.map((value, i) => Math.abs(value - other[i])));
  expect(furthest(together)).toBeLessThan(1e-4); // logits of about 3, whose sums are in another order
  expect(furthest(bare)).toBeGreaterThan(0.5);
});

test("a linear head lies beside the merged model, and the README says how the numbers are got", async () => {
  const tuning: TunedMethod = { method: "lora", rank: 2, alpha: 4, head: "linear" };
  const prompts = tuned("gpt2", tuning);
  const folder = await written("head", prompts, { ...goldenBackbone("gpt2"), tokenizerJson: "{}", tokenizerConfig: '{"a":1}' });
  const { params } = readSafetensors(await readFile(join(folder, "head.safetensors")));
  expect(params).toEqual({ weight: prompts.params["head/weight"], bias: prompts.params["head/bias"] });
  const readme = await readFile(join(folder, "README.md"), "utf8");
  for (const words of [
    "library_name: transformers",
    "AutoModel.from_pretrained(folder",
    'load_file("head.safetensors")',
    "delivery, quality",
  ])
    expect(readme).toContain(words);
  expect(readme).not.toContain("peft");
  expect(await readFile(join(folder, "tokenizer.json"), "utf8")).toBe("{}");
  expect(await readFile(join(folder, "tokenizer_config.json"), "utf8")).toBe('{"a":1}');
});

test("a configuration that is written is read again as it was, whatever is unusual in it", () => {
  for (const family of families) {
    const { config } = goldenBackbone(family);
    const unusual = {
      ...config,
      hasTiedEmbeddings: !config.hasTiedEmbeddings,
      intermediateSize: 40,
      layerNormEpsilon: 3e-6,
      maxPositions: 77,
    };
    for (const one of [config, unusual, { ...unusual, activation: "geluTanh" } as const])
      expect(readHubConfigFile(hubConfigText(one))).toEqual({ config: one, warnings: [] });
  }
});

test("prompts and adapters cannot be merged, and the reason is told", () => {
  for (const method of ["prefix", "inputPrompt", "idpg", "attempt", "latePrompt"] as const)
    expect(() => requireMergeable({ method })).toThrow(
      `tuning.method ${method} cannot be merged into the backbone: its prompts are read in front of the text`,
    );
  expect(() => requireMergeable({ method: "adapter" })).toThrow("its networks are not linear");
  const prompts = tuned("gpt2", { method: "lora", rank: 2, alpha: 4, head: "labelWords" });
  const { "lora/1/value/b": _, ...params } = prompts.params;
  const chunks = writeMergedFolder({ ...prompts, params }, goldenBackbone("gpt2")).get("model.safetensors") ?? [];
  expect(() => [...(chunks as Iterable<Uint8Array>)]).toThrow("tensor lora/1/value/b: missing; there are lora/0/query/a");
});
