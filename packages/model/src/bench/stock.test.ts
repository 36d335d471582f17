import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { paddedBatch, tokenBatch } from "../backbone/batch.ts";
import { createTransformer } from "../backbone/transformer.ts";
import { startBackend } from "../backends.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { randomEncoder } from "../testing/randomBackbone.ts";
import { adamWStep, startAdamW, trainedValues } from "../training/adamWTensors.ts";
import { vectorGradient } from "../training/gradient.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { createPrefixTuner } from "../tuning/prefix.ts";
import { relativeError } from "../verify/relativeError.ts";
import { createStock } from "./stock.ts";

beforeAll(() => startBackend("wasm", { threads: 1 }));
afterAll(() => tf.setBackend("cpu"));

const settings = { learningRate: 0.03, weightDecay: 0.1, clipNorm: 0.5 };

// two implementations of the same mathematics in f32: only roundings differ
const oneLayer = () => randomEncoder({ hiddenSize: 24, intermediateSize: 40, numLayers: 1, numHeads: 3, vocabSize: 100 }, "int8");
const families = ["roberta", "bert", "gpt2", "llama", "llama3"].map((family) => [family, () => goldenBackbone(family)] as const);
test.each([...families, ["a single packed layer", oneLayer] as const])(
  "the yardstick takes the project's own step on %s: loss, gradient and prompts after AdamW",
  async (_, make) => {
    const backbone = make();
    const transformer = createTransformer(backbone);
    const stock = createStock(backbone);
    const { config } = transformer;
    const layout = tunedLayout(config, { method: "prefix", promptTokens: 3, head: "labelWords" }, 2);
    const texts = [
      [7, 9, 11, 13, 15, 17, 19],
      [21, 5, 40, 8, 77],
      [3, 30, 60, 90, 31, 12, 18, 44, 50, 9, 6],
    ];
    const tokens = tokenBatch(texts, config.padTokenId);
    const padded = paddedBatch(texts, config.padTokenId);
    const [labels, positions, words] = [
      [0, 1, 1],
      [2, 0, 9],
      [5, 71],
    ];
    const shape = [config.numLayers, 2, 3, config.numKeyValueHeads * config.headSize] as [number, number, number, number];
    const draw = (seed: number) => Float32Array.from({ length: layout.numValues }, (_, i) => Math.sin(seed * (i + 1)) / 2);
    const values = draw(1.7);
    const [m, v] = [draw(0.9), draw(2.3).map((value) => value * value)];

    const tuned = {
      transformer,
      tuner: createPrefixTuner(transformer),
      layout,
      objective: { head: "labelWords", lossOver: "vocabulary", words } as const,
      positionsAfterPrefix: false,
    };
    const ownState = startAdamW(values, { m, v, step: 4 });
    const own = vectorGradient(tuned, trainedValues(ownState), { tokens, labels, maskPositions: positions });
    const ownNext = await adamWStep(ownState, own.gradient, settings).planes.data();

    const batch = { ids: padded.ids, numTokens: 11, lengths: tokens.lengths, positions, words: labels.map((l) => words[l]) };
    const before = tf.memory().numTensors;
    const stockState = { prompts: tf.tensor4d(values, shape), m: tf.tensor4d(m, shape), v: tf.tensor4d(v, shape), step: 4 };
    const its = stock.lossAndGradient(stockState.prompts, batch);
    const next = stock.step(stockState, batch, settings);

    expect(relativeError(await its.loss.data(), await own.loss.data())).toBeLessThan(1e-4);
    expect(relativeError(await its.gradient.data(), await own.gradient.data())).toBeLessThan(1e-4);
    expect(relativeError(await next.loss.data(), await own.loss.data())).toBeLessThan(1e-4);
    for (const [plane, mine] of [next.state.prompts, next.state.m, next.state.v].entries()) {
      const theirs = ownNext.subarray(plane * layout.numValues, (plane + 1) * layout.numValues);
      expect(relativeError(await mine.data(), theirs)).toBeLessThan(1e-4);
    }
    expect(next.state.step).toBe(5);
    tf.dispose([its.loss, its.gradient, next.loss, next.state.prompts, next.state.m, next.state.v]);
    tf.dispose([stockState.prompts, stockState.m, stockState.v]);
    expect(tf.memory().numTensors).toBe(before);
    stock.dispose();
    transformer.dispose();
  },
);
