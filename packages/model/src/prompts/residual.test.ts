import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { createRandom, type LoraOwn, type Params, presets, type RunSettings, type TunedMethod, tuningSchema } from "@tutti/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tokenBatch } from "../backbone/batch.ts";
import type { PackedBackbone } from "../backbone/packed.ts";
import { createTransformer } from "../backbone/transformer.ts";
import { startBackend } from "../backends.ts";
import { readCheckpoint } from "../node.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { drawValues } from "../testing/layerTuners.ts";
import { drawResidual, type ResidualForm, residualForms } from "../testing/residuals.ts";
import { createTuner } from "../tuning/createTuner.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { residualAmong } from "../tuning/residual.ts";
import { writeMergedFolder } from "./merged.ts";
import { peftFiles, readPeftFolder, writePeftFolder } from "./peftFolder.ts";
import { readPromptsFile, type TunedPrompts, writePromptsFile } from "./promptsFile.ts";
import { startParams } from "./startParams.ts";

let place: string;
beforeAll(async () => {
  await startBackend("wasm");
  place = await mkdtemp(join(tmpdir(), "tutti-residual-"));
});
afterAll(() => rm(place, { recursive: true }));

const { promptDropout, positionsAfterPrefix, lossOver } = presets.demo.tuning;
const own: LoraOwn = { rank: 3, alpha: 6, targets: ["q", "k", "v", "down"], ranks: { k: 2 }, alphas: { v: 4 }, alphaOver: "rootRank" };
const lora = { method: "lora", ...own, head: "labelWords" } as TunedMethod;

function promptsOf(family: string, form: ResidualForm | null): TunedPrompts {
  const { config } = goldenBackbone(family);
  const tuning = { ...lora, promptDropout, positionsAfterPrefix, lossOver } as RunSettings["tuning"];
  const settings: RunSettings = { ...presets.demo, backbone: `golden-${family}`, task: "feedback/topic", tuning };
  const residual = form === null ? {} : drawResidual(config, own, form, 0.1);
  return { runId: "one", settings, params: { ...drawValues(tunedLayout(config, lora, 4).entries, 0.2), ...residual } };
}

/** Logits of twelve words at every token of two texts. */
function logitsOf(backbone: PackedBackbone, params: Params, tuning: TunedMethod | null): Float32Array {
  const transformer = createTransformer(backbone);
  const texts = [
    [5, 17, 44, 80, 31, 9],
    [62, 8, 21],
  ];
  const tuner = createTuner(transformer, tuning ?? lora, { random: createRandom(1) });
  const residual = residualAmong(tuner, params);
  const logits = tf.tidy(() => {
    const values = Object.fromEntries(Object.entries(params).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]));
    const batch = tokenBatch(texts, transformer.config.padTokenId);
    const { last } = tuner.forward(values, batch, { positionsAfterPrefix: false, hasGradient: false, residual: residual ?? undefined });
    const words = Array.from({ length: 12 }, (_, i) => 7 * i + 5);
    return transformer.head.forward(last, words, false).logits.dataSync();
  });
  residual?.dispose();
  transformer.dispose();
  expect(tf.memory().numTensors).toBe(0);
  return logits as Float32Array;
}

const furthest = (one: Float32Array, other: ArrayLike<number>) => Math.max(...one.map((value, i) => Math.abs(value - other[i])));

test.each(["bert", "gpt2", "llama"].flatMap((family) => residualForms.map((form) => [family, form] as const)))(
  "a merged %s with a residual as %s, read by our own reader, gives the logits of backbone, LoRA and residual",
  async (family, form) => {
    const backbone = goldenBackbone(family);
    const prompts = promptsOf(family, form);
    const folder = join(place, `${family}-${form}`);
    await mkdir(folder, { recursive: true });
    for (const [file, bytes] of writeMergedFolder(prompts, backbone))
      await writeFile(join(folder, file), bytes instanceof Uint8Array ? bytes : Buffer.concat([...bytes]));
    const merged = await readCheckpoint(folder);
    const zero = Object.fromEntries(
      tunedLayout(backbone.config, lora, 4).entries.map(({ name, shape }) => [
        name,
        { shape, data: new Float32Array(shape[0] * shape[1]) },
      ]),
    );
    const apart = logitsOf(backbone, prompts.params, lora);
    expect(furthest(apart, logitsOf(merged, zero, lora))).toBeLessThan(1e-4); // logits of about 3, whose sums are in another order
    expect(furthest(apart, logitsOf(backbone, promptsOf(family, null).params, lora))).toBeGreaterThan(0.1);
  },
);

test.each(["bert", "gpt2", "llama"])("an adapter of peft holds a residual of low rank at a higher rank: %s", (family) => {
  const backbone = goldenBackbone(family);
  const prompts = promptsOf(family, "factors");
  const files = writePeftFolder(prompts, { name: `golden-${family}`, source: `golden-${family}`, config: backbone.config });
  const file = (name: string) => files.get(name) ?? new Uint8Array(0);
  const adapter = readPeftFolder({ config: file(peftFiles.config), weights: file(peftFiles.weights), head: null }, backbone.config);
  const tuning = tuningSchema.parse({ head: "labelWords", promptDropout, positionsAfterPrefix, lossOver, ...adapter.tuning });
  // residuals of ranks up to 3 beside the run's 3, of k 2
  expect(adapter.params["lora/0/key/a"].shape[0]).toBe(5);
  expect(adapter.params["lora/0/value/a"].shape[0]).toBe(6);
  const apart = logitsOf(backbone, prompts.params, lora);
  expect(furthest(apart, logitsOf(backbone, adapter.params, tuning))).toBeLessThan(1e-4); // logits of about 3
});

test("an adapter cannot hold a dense residual, and the way out is told", () => {
  const backbone = { name: "golden-gpt2", source: "golden-gpt2", config: goldenBackbone("gpt2").config };
  expect(() => writePeftFolder(promptsOf("gpt2", "both"), backbone)).toThrow(
    "tensor residual/0/query/dense: the run's residual is a dense difference, which an adapter of low rank cannot hold; export the run with --merged",
  );
});

test("a file of tuned prompts keeps the residual, and no other run can start from it", () => {
  const prompts = promptsOf("gpt2", "both");
  const file = writePromptsFile(prompts);
  const read = readPromptsFile(file, () => prompts.settings);
  expect(read.params).toEqual(prompts.params);
  const manifest = { config: goldenBackbone("gpt2").config };
  expect(() => startParams({ kind: "promptsFile", path: "prompts.safetensors", file }, manifest, prompts.settings)).toThrow(
    "prompts.safetensors: tensor residual/0/down/a is a residual of the backbone's weights",
  );
});
