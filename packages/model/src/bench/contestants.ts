import * as tf from "@tensorflow/tfjs-core";
import {
  createRandom,
  initialParams,
  loraPairs,
  numSparse,
  type Params,
  sparseNameOf,
  type TunedMethod,
  tunedShape,
  zeros,
} from "@tutti/core";
import { tokenBatch } from "../backbone/batch.ts";
import type { PackedBackbone } from "../backbone/packed.ts";
import { createTransformer } from "../backbone/transformer.ts";
import { chooseKernels } from "../kernels/fusedKernels.ts";
import { adamWStep, startAdamW, trainedValues } from "../training/adamWTensors.ts";
import { vectorGradient } from "../training/gradient.ts";
import type { LabelledBatch } from "../training/objective.ts";
import { createTuner } from "../tuning/createTuner.ts";
import { flattenTuned, type TunedLayout, tunedLayout } from "../tuning/layout.ts";
import { tunedSparse } from "../tuning/sparseTask.ts";
import { createStock, type StockBatch } from "./stock.ts";

/** Something that takes training steps on its own copy of a backbone, from its own prompts. */
export interface Contestant {
  /** One whole step: forward, backward, AdamW. Its loss, once everything of it is computed. */
  step(): Promise<number>;
  /** What its prompts and moments take. */
  readonly stateBytes: number;
  dispose(): void;
}

/** The texts of every step. */
export interface BenchBatch {
  readonly numTexts: number;
  readonly numTokens: number;
}

/** Prompt vectors per layer, keys as well as values. */
export const promptTokens = 16;

/** What a contestant trains by default: the prefix that other tuning methods are compared with. */
export const prefixTuning: TunedMethod = { method: "prefix", promptTokens, head: "labelWords" };

/** A tuning method, or elements of the matrices that LoRA's settings name. */
export type TrainedMethod = TunedMethod & { readonly density?: number };

const words = [5, 7];
const settings = { learningRate: 0.01, weightDecay: 0.1, clipNorm: 1 };

/**
 * Our own step: `fast` with our kernels on packed weights, `plain` with the library's operations on unpacked ones, the backward pass written out
 * and, as in the yardstick, the library's own choice of product. It trains with label words as its head.
 */
export function ownContestant(
  backbone: PackedBackbone,
  batch: BenchBatch,
  kernels: "fast" | "plain",
  trained: TrainedMethod = prefixTuning,
): Contestant {
  const { density, ...tuning } = trained;
  chooseKernels(kernels);
  const transformer = createTransformer(backbone, { weights: kernels === "fast" ? "packed" : "unpacked" });
  const random = createRandom(1);
  const objective = { head: "labelWords", lossOver: "vocabulary", words } as const;
  const methodLayout = tunedLayout(transformer.config, tuning, words.length);
  const method = {
    transformer,
    tuner: createTuner(transformer, tuning, { random }),
    layout: methodLayout,
    objective,
    positionsAfterPrefix: false,
  };
  const tuned = density === undefined ? method : tunedSparse(method, random, sparseZeros(methodLayout, density));
  const { layout } = tuned;
  const texts = labelledTexts(batch, transformer.config.vocabSize);
  let state = startAdamW(
    trained === prefixTuning ? firstPrompts(layout.numValues) : flattenTuned(layout, initialParams(layout.entries, random)),
  );
  return {
    async step() {
      chooseKernels(kernels);
      const before = state;
      const take = () =>
        tf.tidy(() => {
          const { loss: meanLoss, gradient } = vectorGradient(tuned, trainedValues(before), texts);
          return { planes: adamWStep(before, gradient, settings).planes, loss: meanLoss };
        });
      const { planes, loss } = kernels === "fast" ? take() : await withLibraryProducts(take);
      state = { planes, step: before.step + 1 };
      return finish(loss, planes, [before.planes]);
    },
    stateBytes: 12 * layout.numValues,
    dispose() {
      state.planes.dispose();
      transformer.dispose();
    },
  };
}

/** Elements of every matrix with low-rank factors, as SLoRA's first stage trains them. */
function sparseZeros({ entries }: TunedLayout, density: number): Params {
  const sizes = new Map(entries.map(({ name, shape }) => [name, shape]));
  return Object.fromEntries(
    loraPairs(tunedShape(entries)).map(({ a, b }) => {
      const size = (sizes.get(b)?.[0] ?? 0) * (sizes.get(a)?.[1] ?? 0);
      return [sparseNameOf(b), zeros([numSparse(size, density)])];
    }),
  );
}

/** The frozen yardstick, with the library's own choice of product on WebGPU. */
export function stockContestant(backbone: PackedBackbone, batch: BenchBatch): Contestant {
  const stock = createStock(backbone);
  const { config } = backbone;
  const texts = stockTexts(batch, config.vocabSize);
  const shape = [config.numLayers, 2, promptTokens, config.numKeyValueHeads * config.headSize] as [number, number, number, number];
  const prompts = tf.tensor4d(firstPrompts(shape.reduce((a, b) => a * b)), shape);
  let state = { prompts, m: tf.zeros<tf.Rank.R4>(shape), v: tf.zeros<tf.Rank.R4>(shape), step: 0 };
  return {
    async step() {
      const before = state;
      const { state: next, loss } = await withLibraryProducts(() => stock.step(before, texts, settings));
      state = next;
      return finish(loss, next.prompts, [before.prompts, before.m, before.v]);
    },
    stateBytes: 12 * shape.reduce((a, b) => a * b),
    dispose() {
      tf.dispose([state.prompts, state.m, state.v]);
      stock.dispose();
    },
  };
}

/** The backend is started with one kind of product for the sake of equal bits; the yardstick takes what the library would. */
export async function withLibraryProducts<T>(work: () => T | Promise<T>): Promise<T> {
  if (tf.getBackend() !== "webgpu") return work();
  const chosen = tf.env().getNumber("WEBGPU_MATMUL_PROGRAM_TYPE");
  tf.env().set("WEBGPU_MATMUL_PROGRAM_TYPE", -1);
  try {
    return await work();
  } finally {
    tf.env().set("WEBGPU_MATMUL_PROGRAM_TYPE", chosen);
  }
}

/** Waits for the trained values, which are computed last. */
async function finish(loss: tf.Scalar, values: tf.Tensor, used: tf.Tensor[]): Promise<number> {
  await values.data();
  const [value] = await loss.data();
  tf.dispose([loss, ...used]);
  return value;
}

function firstPrompts(numValues: number): Float32Array {
  return Float32Array.from({ length: numValues }, (_, i) => Math.sin(i) / 2);
}

function textOf(text: number, { numTokens }: BenchBatch, vocabSize: number): number[] {
  return Array.from({ length: numTokens }, (_, i) => 3 + ((7 * i + 31 * text) % (vocabSize - 3)));
}

function labelledTexts(batch: BenchBatch, vocabSize: number): LabelledBatch {
  const texts = Array.from({ length: batch.numTexts }, (_, text) => textOf(text, batch, vocabSize));
  const labels = texts.map((_, text) => text % words.length);
  return { tokens: tokenBatch(texts, 0), labels, maskPositions: texts.map((_, text) => 1 + (text % (batch.numTokens - 1))) };
}

function stockTexts(batch: BenchBatch, vocabSize: number): StockBatch {
  const { tokens, labels, maskPositions } = labelledTexts(batch, vocabSize);
  return {
    ...tokens,
    numTokens: batch.numTokens,
    positions: maskPositions.map((at) => at ?? 0),
    words: labels.map((label) => words[label]),
  };
}
