import * as tf from "@tensorflow/tfjs";
import {
  createRandom,
  type LoraOwn,
  type LoraTarget,
  type Params,
  packingFor,
  packTensor,
  type TunedEntry,
  type TunedMethod,
} from "@tutti/core";
import { type TokenBatch, tokenBatch } from "../backbone/batch.ts";
import type { PackedBackbone } from "../backbone/packed.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { createAdapterTuner } from "../tuning/adapter.ts";
import { createFullTuner } from "../tuning/full.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { createLoraTuner } from "../tuning/lora.ts";
import { createSvdLoraTuner } from "../tuning/svdLora.ts";
import { createTensorTrainTuner } from "../tuning/tensorTrain.ts";
import type { TunedPass, Tuner, TunerOptions } from "../tuning/tuner.ts";

/** A method that trains something within the layers, with what it trains on a tiny backbone. */
export interface LayerMethod {
  readonly name: string;
  readonly tuning: TunedMethod;
  /** The golden checkpoints that it is for; all by default. */
  readonly families?: readonly string[];
  create(transformer: Transformer): Tuner;
}

/** LoRA with these settings, by default of rank 3 and alpha 6. */
function loraMethod(name: string, own: Partial<LoraOwn>, families?: readonly string[]): LayerMethod {
  const settings = { rank: 3, alpha: 6, ...own };
  return {
    name,
    tuning: { method: "lora", ...settings, head: "labelWords" },
    create: (transformer) => createLoraTuner(transformer, settings),
    ...(families === undefined ? {} : { families }),
  };
}

const gated = ["llama", "llama3"];

/** LoRA beside each matrix that a layer may have, together, with ranks and alphas of their own, and alone. */
export const loraMethods: readonly LayerMethod[] = [
  loraMethod(
    "lora beside all six",
    { targets: ["down", "q", "k", "v", "o", "up"], ranks: { k: 2, up: 9 }, alphas: { o: 5 }, alphaOver: "rootRank" },
    ["roberta", "bert", "gpt2"],
  ),
  loraMethod(
    "lora beside all seven",
    { targets: ["q", "k", "v", "o", "up", "gate", "down"], ranks: { v: 1, gate: 9 }, alphas: { up: 5, v: 2 } },
    gated,
  ),
  ...(["k", "o", "up", "gate", "down"] as const).map((target) => loraMethod(`lora beside ${target}`, { targets: [target] }, ["llama"])),
];

/** The methods that a golden checkpoint can be tuned with. */
export function methodsOf(family: string): LayerMethod[] {
  return [...layerMethods, ...loraMethods].filter(({ families }) => families?.includes(family) !== false);
}

const train = { bottleneck: 6, rank: 2, maxFactor: 8 };

/** One of each kind. */
export const layerMethods: readonly LayerMethod[] = [
  {
    name: "adapter",
    tuning: { method: "adapter", bottleneck: 5, head: "labelWords" },
    create: (transformer) => createAdapterTuner(transformer, { bottleneck: 5 }),
  },
  loraMethod("lora", {}),
  { name: "full", tuning: { method: "full", head: "labelWords" }, create: createFullTuner },
  {
    name: "tensorTrain",
    tuning: { method: "tensorTrain", ...train, head: "labelWords" },
    create: (transformer) => createTensorTrainTuner(transformer, train),
  },
  svdMethod("svdLora", ["q", "k", "v", "o", "up", "down"]),
];

/** Differences P diag(e) Q beside these matrices. */
function svdMethod(name: string, targets: readonly LoraTarget[]): LayerMethod {
  const settings = { rank: 3, alpha: 6, targets };
  return {
    name,
    tuning: { method: "svdLora", ...settings, head: "labelWords" },
    families: ["roberta", "gpt2"],
    create: (transformer) => createSvdLoraTuner(transformer, settings),
  };
}

/** What a method trains on a backbone, head not counted. */
export function entriesOf({ tuning }: LayerMethod, { config }: Transformer): readonly TunedEntry[] {
  return tunedLayout(config, tuning, 0).entries;
}

const tinyTexts: readonly (readonly number[])[] = [
  [5, 17, 44, 80, 31, 9],
  [62, 8, 21],
  [12, 90, 33, 33, 70],
];

/** Three texts of different lengths. */
export function tinyTokens(): TokenBatch {
  return tokenBatch(tinyTexts, 1);
}

/** Normal values of one size under every name. */
export function drawValues(entries: readonly TunedEntry[], stdDev: number, seed = 1): Params {
  const random = createRandom(seed);
  return Object.fromEntries(
    entries.map(({ name, shape }) => {
      const stream = random.stream({ purpose: name });
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stdDev * stream.normal());
      return [name, { shape, data }];
    }),
  );
}

/** The last states of the tokens (example after example), and the gradient of Σ cotangent ⊙ last by name. */
export interface Probe {
  readonly last: Float32Array;
  readonly gradients: Readonly<Record<string, Float32Array>>;
}

/** A pass, and its gradient for a fixed cotangent of the tokens' states. */
export async function probe(
  tuner: Tuner,
  values: Params,
  batch: TokenBatch,
  hasGradient = true,
  positionsAfterPrefix = false,
): Promise<Probe> {
  const random = createRandom(9).stream({ purpose: "cotangent" });
  const cotangents = batch.lengths.map((length) => (width: number) => Array.from({ length: length * width }, () => random.normal()));
  const { texts, gradients } = await run(tuner, values, batch, { hasGradient, positionsAfterPrefix, cotangents });
  return { last: Float32Array.from(texts.flatMap((text) => [...text])), gradients };
}

/**
 * What a pass computes of the first of the texts wherever it lies in a batch: its last states, and the gradient for a cotangent that is zero at all
 * other texts.
 */
export async function probeText(tuner: Tuner, values: Params, texts: readonly (readonly number[])[], at: number): Promise<Probe> {
  const random = createRandom(9).stream({ purpose: "cotangent" });
  const cotangents = texts.map(
    (text, i) => (width: number) => Array.from({ length: text.length * width }, () => (i === at ? random.normal() : 0)),
  );
  const found = await run(tuner, values, tokenBatch(texts, 1), { hasGradient: true, positionsAfterPrefix: false, cotangents });
  return { last: found.texts[at], gradients: found.gradients };
}

/** Batches in which the text (of six tokens) lies alone, first, last and between others, and where it is in each. */
export const batchesAroundText: readonly { readonly texts: readonly (readonly number[])[]; readonly at: number }[] = [
  { texts: [tinyTexts[0]], at: 0 },
  { texts: tinyTexts, at: 0 },
  { texts: [tinyTexts[2], tinyTexts[1], tinyTexts[0]], at: 2 },
  { texts: [[31, 7, 18, 44, 50, 9, 6, 88, 61], tinyTexts[0], tinyTexts[1], [4]], at: 1 },
];

interface RunOptions extends TunerOptions {
  /** Of each text's states (length · width). */
  readonly cotangents: readonly ((width: number) => number[])[];
}

async function run(tuner: Tuner, values: Params, batch: TokenBatch, { cotangents, ...options }: RunOptions) {
  let rowOf: TunedPass["rowOf"] = () => 0;
  const { last, gradients } = tf.tidy(() => {
    const tensors = Object.fromEntries(Object.entries(values).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]));
    const pass = tuner.forward(tensors, batch, options);
    rowOf = pass.rowOf;
    const [numRows, width] = [pass.numRows, pass.last.shape[1]];
    const cotangent = new Float32Array(numRows * width);
    cotangents.forEach((draw, example) => {
      cotangent.set(draw(width), pass.rowOf(example, 0) * width);
    });
    const found = options.hasGradient ? pass.backward(tf.tensor2d(cotangent, [numRows, width])) : {};
    return { last: pass.last, gradients: { ...found } };
  });
  const width = last.shape[1];
  const states = await last.data<"float32">();
  const read = await Promise.all(Object.entries(gradients).map(async ([name, tensor]) => [name, await tensor.data<"float32">()] as const));
  tf.dispose([last, ...Object.values(gradients)]);
  const texts = batch.lengths.map((length, i) => states.slice(rowOf(i, 0) * width, rowOf(i, length) * width));
  return { texts, gradients: Object.fromEntries(read) };
}

/** Σ cotangent ⊙ last of `probe`'s pass, in float64. */
export function probedLoss({ last }: Probe): number {
  const random = createRandom(9).stream({ purpose: "cotangent" });
  return last.reduce((total, value) => total + value * Math.fround(random.normal()), 0);
}

/** The backbone with other numbers in the tensors that `change` answers for. */
export function changedBackbone(
  backbone: PackedBackbone,
  change: (name: string, data: Float32Array) => Float32Array | null,
): PackedBackbone {
  const tensor = (name: string) => {
    const { shape, data } = backbone.tensor(name);
    return { shape, data: change(name, data) ?? data };
  };
  return {
    ...backbone,
    tensor,
    packed: (name) => packTensor(tensor(name).shape, tensor(name).data, packingFor("f32")),
  };
}
