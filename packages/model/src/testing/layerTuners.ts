import * as tf from "@tensorflow/tfjs";
import { createRandom, type Params, type TunedEntry, type TunedMethod } from "@tutti/core";
import { padBatch, type TokenBatch } from "../backbone/batch.ts";
import { packingFor, packTensor } from "../backbone/pack.ts";
import type { PackedBackbone } from "../backbone/packed.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { createAdapterTuner } from "../tuning/adapter.ts";
import { createFullTuner } from "../tuning/full.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { createLoraTuner } from "../tuning/lora.ts";
import type { TunedPass, Tuner } from "../tuning/tuner.ts";

/** A method that trains something within the layers, with what it trains on a tiny backbone. */
export interface LayerMethod {
  readonly name: "adapter" | "lora" | "full";
  readonly tuning: TunedMethod;
  create(transformer: Transformer): Tuner;
}

/** The three methods. */
export const layerMethods: readonly LayerMethod[] = [
  { name: "adapter", tuning: { method: "adapter", bottleneck: 5, head: "labelWords" }, create: createAdapterTuner },
  {
    name: "lora",
    tuning: { method: "lora", rank: 3, alpha: 6, head: "labelWords" },
    create: (transformer) => createLoraTuner(transformer, { rank: 3, alpha: 6 }),
  },
  { name: "full", tuning: { method: "full", head: "labelWords" }, create: createFullTuner },
];

/** What a method trains on a backbone, head not counted. */
export function entriesOf({ tuning }: LayerMethod, { config }: Transformer): readonly TunedEntry[] {
  return tunedLayout(config, tuning, 0).entries;
}

/** Three texts of different lengths, padded to a multiple. */
export function tinyTokens(multiple = 8): TokenBatch {
  return padBatch(
    [
      [5, 17, 44, 80, 31, 9],
      [62, 8, 21],
      [12, 90, 33, 33, 70],
    ],
    1,
    multiple,
  );
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

/** The last states of the real tokens (example after example), and the gradient of Σ cotangent ⊙ last by name. */
export interface Probe {
  readonly last: Float32Array;
  readonly gradients: Readonly<Record<string, Float32Array>>;
}

/** A pass, and its gradient for a fixed cotangent that is zero at padding. */
export async function probe(
  tuner: Tuner,
  values: Params,
  batch: TokenBatch,
  hasGradient = true,
  positionsAfterPrefix = false,
): Promise<Probe> {
  let rowOf: TunedPass["rowOf"] = () => 0;
  const { last, gradients } = tf.tidy(() => {
    const tensors = Object.fromEntries(Object.entries(values).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]));
    const pass = tuner.forward(tensors, batch, { positionsAfterPrefix, hasGradient });
    rowOf = pass.rowOf;
    const [numRows, width] = [pass.numRows, pass.last.shape[1]];
    const cotangent = new Float32Array(numRows * width);
    const random = createRandom(9).stream({ purpose: "cotangent" });
    batch.lengths.forEach((length, example) => {
      const at = pass.rowOf(example, 0) * width;
      for (let i = 0; i < length * width; i++) cotangent[at + i] = random.normal();
    });
    const found = hasGradient ? pass.backward(tf.tensor2d(cotangent, [numRows, width])) : {};
    return { last: pass.last, gradients: { ...found } };
  });
  const width = last.shape[1];
  const states = await last.data<"float32">();
  const read = await Promise.all(Object.entries(gradients).map(async ([name, tensor]) => [name, await tensor.data<"float32">()] as const));
  tf.dispose([last, ...Object.values(gradients)]);
  const real = batch.lengths.flatMap((length, i) => [...states.subarray(rowOf(i, 0) * width, rowOf(i, length) * width)]);
  return { last: Float32Array.from(real), gradients: Object.fromEntries(read) };
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
