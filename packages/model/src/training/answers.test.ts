import * as tf from "@tensorflow/tfjs";
import { createRandom, type TunedMethod } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { createTransformer, type Transformer } from "../backbone/transformer.ts";
import { startBackend } from "../backends.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { layerMethods } from "../testing/layerTuners.ts";
import { promptMethods, tinySourcePrompts } from "../testing/promptTuners.ts";
import { createTuner } from "../tuning/createTuner.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { type Tuned, vectorGradient } from "./gradient.ts";
import { type EncodedExample, labelledBatch, lossWeight } from "./objective.ts";
import { scoreTexts } from "./textEvaluation.ts";

const methods: readonly TunedMethod[] = [
  { method: "prefix", promptTokens: 3, head: "labelWords" },
  ...layerMethods.map(({ tuning }) => tuning),
  ...promptMethods.map(({ tuning }) => tuning),
];

/** Answers of 2, 1 and 5 tokens. */
const examples: readonly EncodedExample[] = [
  { ids: [4, 40, 41, 42, 11, 7], start: 4, numBytes: 9 },
  { ids: [50, 30], start: 1, numBytes: 5 },
  { ids: [60, 61, 62, 5, 6, 7, 8, 12], start: 3, numBytes: 21 },
].map(({ ids, start, numBytes }) => ({ ids, maskPosition: null, label: 0, answer: { start, numBytes } }));

beforeAll(() => startBackend("cpu"));

function tunedBy(family: string, tuning: TunedMethod, positionsAfterPrefix = false): { tuned: Tuned; values: Float32Array } {
  const transformer = createTransformer(goldenBackbone(family));
  const layout = tunedLayout(transformer.config, tuning, null);
  const sourcePrompts = tinySourcePrompts(transformer.config.hiddenSize);
  const tuner = createTuner(transformer, tuning, { random: createRandom(5), sourcePrompts });
  const random = createRandom(12).stream({ purpose: "values" });
  const spread = tuning.method === "tensorTrain" ? 0.5 : 0.1; // what a train makes of its cores is a product of several
  const values = Float32Array.from({ length: layout.numValues }, () => spread * random.normal());
  return { tuned: { transformer, tuner, layout, objective: { head: "answer" }, positionsAfterPrefix }, values };
}

async function lossAt(tuned: Tuned, point: Float32Array, of = examples): Promise<number> {
  const { loss, gradient } = vectorGradient(tuned, tf.tensor1d(point), labelledBatch(of, 0));
  const [value] = await loss.data();
  tf.dispose([loss, gradient]);
  return value;
}

test.each(methods.flatMap((tuning) => [["gpt2", tuning.method, tuning] as const, ["llama", tuning.method, tuning] as const]))(
  "on %s the gradient of an answer's loss by %s is its slope",
  async (family, method, tuning) => {
    const { tuned, values } = tunedBy(family, tuning, family === "llama" && method === "prefix");
    const random = createRandom(8).stream({ purpose: "direction" });
    const { loss, gradient } = vectorGradient(tuned, tf.tensor1d(values), labelledBatch(examples, 0));
    const found = await gradient.data<"float32">();
    tf.dispose([loss, gradient]);
    // partly along the gradient, where the slope is large, and partly anywhere, where a part that it lacks would show
    const anywhere = unitOf(values.map(() => random.normal()));
    const unit = unitOf(unitOf(found).map((value, i) => value + anywhere[i]));
    const slope = found.reduce((sum, value, i) => sum + value * unit[i], 0);
    const at = (step: number) =>
      lossAt(
        tuned,
        values.map((value, i) => value + step * unit[i]),
      );
    const difference = async (step: number) => ((await at(step)) - (await at(-step))) / (2 * step);
    const [wide, narrow] = [await difference(0.04), await difference(0.02)];
    // f32 losses of about 5 differ by 5e-7 of rounding, divided by the step; a large slope bends with the fifth power of the step
    expect((4 * narrow - wide) / 3 / slope).toBeCloseTo(1, 3);
    expect(slope).toBeGreaterThan(0.02);
    tuned.transformer.dispose();
  },
);

function unitOf(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/** −ln p of every token of the answer, from a pass over the text alone, in float64 from its logits. */
async function lossesAlone(transformer: Transformer, { ids, answer }: EncodedExample): Promise<number[]> {
  const bare = createTuner(transformer, methods[1], { random: createRandom(1) });
  const zeros = Object.fromEntries(
    tunedLayout(transformer.config, methods[1], null).entries.map(({ name, shape }) => [name, tf.zeros([...shape])]),
  );
  const { vocabSize } = transformer.config;
  const start = answer?.start ?? 0;
  const logits = tf.tidy(() => {
    const batch = labelledBatch([{ ids, maskPosition: null, label: 0 }], 0).tokens;
    const pass = bare.forward(zeros, batch, { positionsAfterPrefix: false, hasGradient: false });
    return transformer.head.forward(pass.last, null, false).logits;
  });
  const values = await logits.data<"float32">();
  tf.dispose([logits, ...Object.values(zeros)]);
  return ids.slice(start).map((target, i) => {
    const row = values.subarray((start + i - 1) * vocabSize, (start + i) * vocabSize);
    return Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0)) - row[target];
  });
}

test("the loss is the mean over the tokens of all answers and of no prompt, so that every token counts alike", async () => {
  const { tuned, values } = tunedBy("gpt2", methods[1]);
  const zero = values.map(() => 0); // an adapter of zeros changes nothing
  const losses = await Promise.all(examples.map((example) => lossesAlone(tuned.transformer, example)));
  expect(losses.map(({ length }) => length)).toEqual([2, 1, 5]);
  const mean = losses.flat().reduce((a, b) => a + b) / 8;
  const meanOfMeans = losses.map((of) => of.reduce((a, b) => a + b) / of.length).reduce((a, b) => a + b) / 3;
  expect(await lossAt(tuned, zero)).toBeCloseTo(mean, 5);
  expect(Math.abs(mean - meanOfMeans)).toBeGreaterThan(0.01);
  expect(lossWeight(examples)).toBe(8);
  tuned.transformer.dispose();
});

test("in a ragged batch each answer has the loss that it has alone, and the batch's loss weighs each by its tokens", async () => {
  const { tuned, values } = tunedBy("llama", methods[0], true);
  const alone = await Promise.all(examples.map((example) => lossAt(tuned, values, [example])));
  expect(await lossAt(tuned, values)).toBeCloseTo((2 * alone[0] + alone[1] + 5 * alone[2]) / 8, 5);
  tuned.transformer.dispose();
});

test("texts add up to their tokens, bytes, right tokens and losses, the same sums in any batches", async () => {
  const { tuned } = tunedBy("gpt2", methods[0]);
  const losses = (await Promise.all(examples.map((example) => lossesAlone(tuned.transformer, example)))).flat();
  const { text, lossSum } = await scoreTexts(tuned, null, examples);
  expect(text).toMatchObject({ numExamples: 3, numTokens: 8, numBytes: 35, generated: null });
  expect(lossSum).toBeCloseTo(
    losses.reduce((a, b) => a + b),
    4,
  );
  const alone = await Promise.all(examples.map((example) => scoreTexts(tuned, null, [example])));
  expect(alone.reduce((sum, one) => sum + one.lossSum, 0)).toBe(lossSum);
  expect(alone.reduce((sum, one) => sum + one.text.numRightTokens, 0)).toBe(text.numRightTokens);
  tuned.transformer.dispose();
});

test("a token is right where it is the likeliest behind all before it", async () => {
  const { tuned } = tunedBy("gpt2", methods[0]);
  const { transformer } = tuned;
  const ids = [4, 40, 41];
  for (let i = 0; i < 3; i++) {
    const logits = tf.tidy(() => {
      const pass = transformer.forward(labelledBatch([{ ids, maskPosition: null, label: 0 }], 0).tokens, {
        prefixes: null,
        firstPosition: 0,
        hasGradient: false,
      });
      return transformer.head.forward(tf.slice2d(pass.last, [ids.length - 1, 0], [1, -1]), null, false).logits;
    });
    const values = await logits.data<"float32">();
    ids.push(i === 1 ? (values.indexOf(Math.max(...values)) + 1) % 96 : values.indexOf(Math.max(...values)));
    logits.dispose();
  }
  const example = { ids, maskPosition: null, label: 0, answer: { start: 3, numBytes: 1 } };
  expect((await scoreTexts(tuned, null, [example])).text).toMatchObject({ numTokens: 3, numRightTokens: 2 });
  transformer.dispose();
});

test("scoring and training on answers leave no tensor behind", async () => {
  const { tuned, values } = tunedBy("gpt2", methods[2]);
  await lossAt(tuned, values); // the head keeps the vocabulary's rows from here on
  const numTensors = tf.memory().numTensors;
  const point = tf.tensor1d(values);
  const { loss, gradient } = vectorGradient(tuned, point, labelledBatch(examples, 0));
  tf.dispose([point, loss, gradient]);
  await scoreTexts(tuned, null, examples);
  expect(tf.memory().numTensors).toBe(numTensors);
  tuned.transformer.dispose();
});
