import * as tf from "@tensorflow/tfjs";
import { createRandom, type Params, vocabularyRows, zeros } from "@tutti/core";
import { beforeEach, describe, expect, test } from "vitest";
import { textsOf, tokenBatch } from "../backbone/batch.ts";
import { createTransformer } from "../backbone/transformer.ts";
import { type BackendName, startBackend } from "../backends.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { batchesAroundText, drawValues, type Probe, probe, probedLoss, probeText, tinyTokens } from "../testing/layerTuners.ts";
import { promptEntriesOf, promptMethods, tinySources } from "../testing/promptTuners.ts";
import { relativeError } from "../verify/relativeError.ts";
import { createInputPromptTuner } from "./inputPrompt.ts";
import { createBareTuner } from "./prefix.ts";

const backends: readonly BackendName[] = ["cpu", "wasm"];
const families = ["roberta", "bert", "gpt2", "llama", "llama3"];

/** f32 through three layers, summed in another order; a wrong position or a missing term is at 1e-2 and more. */
const rounding = 5e-6;

const cases = families.flatMap((family) => promptMethods.map((method) => ({ family, method, name: method.name })));

/** ReLUs that no small step switches. */
const farFromKinks: Params = {
  "late/down": { shape: [4, 32], data: Float32Array.from({ length: 4 * 32 }, (_, i) => 0.05 * Math.sin(i)) },
  "late/downBias": { shape: [4], data: Float32Array.of(3, -3, 3, 3) },
};

describe.each(backends)("on %s", (backend) => {
  beforeEach(async () => {
    await startBackend(backend);
  });

  test.each(cases)(
    "$name on $family computes the same bits of a text in any batch, forward and back, and a pass leaves no tensor",
    async ({ family, method }) => {
      const transformer = createTransformer(goldenBackbone(family));
      const tuner = method.create(transformer);
      const entries = promptEntriesOf(method, transformer);
      const values = drawValues(entries, 0.3);
      const [alone, ...others] = batchesAroundText;
      const expected = await probeText(tuner, values, alone.texts, alone.at);
      expect(Object.keys(expected.gradients).sort()).toEqual(entries.map(({ name }) => name).sort());
      const { numTensors } = tf.memory();
      for (const { texts, at } of others) expect(await probeText(tuner, values, texts, at)).toEqual(expected);
      expect(tf.memory().numTensors).toBe(numTensors);
      transformer.dispose();
    },
  );
});

describe("in f32", () => {
  beforeEach(async () => {
    await startBackend("wasm");
  });

  test.each(cases)("$name on $family: every parameter's gradient is the loss's slope", async ({ family, method }) => {
    const transformer = createTransformer(goldenBackbone(family));
    const tuner = method.create(transformer);
    const entries = promptEntriesOf(method, transformer);
    const values = { ...drawValues(entries, 0.3), ...(method.name === "latePrompt" ? farFromKinks : {}) };
    const positionsAfterPrefix = family === "bert";
    const at = (point: Params, hasGradient: boolean) => probe(tuner, point, tinyTokens(), hasGradient, positionsAfterPrefix);
    const { gradients } = await at(values, true);
    const step = 0.003;
    for (const { name } of entries) {
      const gradient = gradients[name];
      const norm = Math.hypot(...gradient);
      const lossAt = async (distance: number) => {
        const { shape, data } = values[name];
        const moved = { ...values, [name]: { shape, data: data.map((value, i) => value + (distance * gradient[i]) / norm) } };
        return probedLoss(await at(moved, false));
      };
      const measured = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
      // along itself a gradient's slope is its norm; losses of about 20 are within 1e-5, over twice the step: 2e-3; curvature is a share
      expect(Math.abs(measured - norm), `${name}: measured ${measured}, gradient ${norm}`).toBeLessThan(3e-3 + 5e-3 * norm);
      expect(norm, name).toBeGreaterThan(0.02); // or the comparison says nothing
    }
    transformer.dispose();
  });

  test.each(families)(
    "a prompt on %s that starts at vocabulary rows computes as those words in front of the text would",
    async (family) => {
      const transformer = createTransformer(goldenBackbone(family));
      const { hiddenSize, vocabSize } = transformer.config;
      const words = vocabularyRows(createRandom(5), 3, vocabSize);
      const tuner = createInputPromptTuner(transformer, { promptTokens: 3, initial: "vocabulary" }, createRandom(5));
      const prompt = { prompt: zeros([3, hiddenSize]) };
      const batch = tinyTokens();
      const written = tokenBatch(
        textsOf(batch).map((text) => [...words, ...text]),
        1,
      );
      const { last } = await probe(tuner, prompt, batch, false, true);
      const expected = afterWords(await probe(createBareTuner(transformer), {}, written, false), batch.lengths, hiddenSize);
      expect(relativeError(last, expected)).toBeLessThan(rounding);
      transformer.dispose();
    },
  );

  test.each(["llama", "llama3"])("rotations of %s are relative, so it is all one where positions begin", async (family) => {
    const transformer = createTransformer(goldenBackbone(family));
    for (const method of promptMethods) {
      const values = drawValues(promptEntriesOf(method, transformer), 0.3);
      const [from0, fromP] = [false, true].map((after) => probe(method.create(transformer), values, tinyTokens(), false, after));
      expect(relativeError((await fromP).last, (await from0).last)).toBeLessThan(rounding);
    }
    transformer.dispose();
  });

  test.each(["roberta", "gpt2"])("IDPG on %s is the input prompt that its two maps make of each text's mean state", async (family) => {
    const transformer = createTransformer(goldenBackbone(family));
    const width = transformer.config.hiddenSize;
    const [, idpg] = promptMethods;
    const drawn = drawValues(promptEntriesOf(idpg, transformer), 0.3);
    // where gelu(x) is x in f32
    const values: Params = { ...drawn, "idpg/downBias": { shape: [4], data: new Float32Array(4).fill(20) } };
    const batch = tinyTokens();
    const bare = await probe(createBareTuner(transformer), {}, batch, false);
    const { last } = await probe(idpg.create(transformer), values, batch, false);
    await eachText(batch.lengths, width, async (length, at, i) => {
      const mean = Float64Array.from({ length: width }, (_, j) => average(bare.last, { at, length, width, column: j }));
      const hidden = affine(values, "idpg/down", mean);
      const prompt = { shape: [3, width], data: Float32Array.from(affine(values, "idpg/up", hidden)) };
      const alone = await promptOn(transformer, prompt, textOf(batch, i));
      expect(relativeError(last.subarray(at, at + length * width), alone)).toBeLessThan(1e-4); // its prompts have values of about 20
    });
    transformer.dispose();
  });

  test.each(["bert", "llama"])("ATTEMPT on %s is the input prompt that the attention of §3.2 mixes for each text", async (family) => {
    const transformer = createTransformer(goldenBackbone(family));
    const width = transformer.config.hiddenSize;
    const attempt = promptMethods[3];
    const drawn = drawValues(promptEntriesOf(attempt, transformer), 0.5);
    const { shape, data } = drawn["attempt/normWeight"];
    const values: Params = { ...drawn, "attempt/normWeight": { shape, data: data.map((value) => 10 * value) } };
    const batch = tinyTokens();
    const { last } = await probe(attempt.create(transformer), values, batch, false);
    const mixtures: number[][] = [];
    await eachText(batch.lengths, width, async (length, at, i) => {
      const text = textOf(batch, i);
      const rows = transformer.wordRows([...text.ids]);
      const query = queryOf(values, largest(rows, width));
      const target = values["attempt/prompt"].data;
      const prompts = [...tinySources(width), target];
      const scores = prompts.map((one) => largest(one, width).reduce((sum, value, j) => sum + value * query[j], 0) / (Math.E * width));
      const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
      const weights = scores.map((score) => Math.exp(score) / total);
      mixtures.push(weights);
      const data = target.map((value, j) => value + prompts.reduce((sum, one, p) => sum + weights[p] * one[j], 0));
      const alone = await promptOn(transformer, { shape: [3, width], data }, text);
      expect(relativeError(last.subarray(at, at + length * width), alone)).toBeLessThan(rounding);
    });
    expect(Math.abs(mixtures[0][0] - mixtures[1][0])).toBeGreaterThan(0.02); // texts attend differently
    transformer.dispose();
  });

  test.each(["gpt2", "llama"])("nothing on %s is made from what is to be predicted", async (family) => {
    const transformer = createTransformer(goldenBackbone(family));
    const texts = [
      [5, 17, 44],
      [62, 8, 21, 9, 4],
    ];
    const withSuffixes = (suffixes: number[][]) => ({
      ...tokenBatch(
        texts.map((text, i) => [...text, ...suffixes[i]]),
        1,
      ),
      contextLengths: texts.map(({ length }) => length),
    });
    for (const method of promptMethods) {
      const values = drawValues(promptEntriesOf(method, transformer), 0.3);
      const onTexts = async (suffixes: number[][]) => {
        const batch = withSuffixes(suffixes);
        const { last } = await probe(method.create(transformer), values, batch, false);
        const starts = batch.lengths.map((_, i) => batch.lengths.slice(0, i).reduce((a, b) => a + b, 0));
        return texts.flatMap((text, i) => [...last.subarray(32 * starts[i], 32 * (starts[i] + text.length))]);
      };
      const [one, other] = [await onTexts([[7, 90], [11]]), await onTexts([[33, 2], [80]])];
      expect(relativeError(other, one), method.name).toBeLessThan(rounding);
    }
    transformer.dispose();
  });

  test("LPT leaves the states below the middle as they are", async () => {
    const transformer = createTransformer(goldenBackbone("roberta"));
    const late = promptMethods[2];
    const values = drawValues(promptEntriesOf(late, transformer), 0.3);
    const options = { positionsAfterPrefix: false, hasGradient: false };
    const statesOf = (tuner: ReturnType<typeof createBareTuner>) =>
      tf.tidy(() => tuner.forward(tensors(values), tinyTokens(), options).states.map((state) => [...state.dataSync()]));
    const [bare, tuned] = [statesOf(createBareTuner(transformer)), statesOf(late.create(transformer))];
    expect(tuned).toHaveLength(bare.length);
    expect(tuned[0]).toEqual(bare[0]);
    expect(tuned[1]).toHaveLength(bare[1].length + 3 * 3 * 32); // three layers: the prompt stands in front of layer 1's input
    transformer.dispose();
  });
});

function tensors(values: Params): Record<string, tf.Tensor> {
  return Object.fromEntries(Object.entries(values).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]));
}

/** The states of the texts alone, whose first three tokens are words in front. */
function afterWords({ last }: Probe, lengths: readonly number[], width: number): Float32Array {
  let at = 0;
  const rows = lengths.flatMap((length) => {
    const start = at + 3 * width;
    at += (3 + length) * width;
    return [...last.subarray(start, at)];
  });
  return Float32Array.from(rows);
}

async function eachText(
  lengths: readonly number[],
  width: number,
  check: (length: number, at: number, index: number) => Promise<void>,
): Promise<void> {
  let at = 0;
  for (const [index, length] of lengths.entries()) {
    await check(length, at, index);
    at += length * width;
  }
}

function textOf(batch: ReturnType<typeof tinyTokens>, index: number) {
  return tokenBatch([textsOf(batch)[index]], 1);
}

async function promptOn(transformer: ReturnType<typeof createTransformer>, prompt: Params[string], text: ReturnType<typeof tinyTokens>) {
  const tuner = createInputPromptTuner(transformer, { promptTokens: 3, initial: "normal" }, createRandom(1));
  return (await probe(tuner, { prompt }, text, false)).last;
}

function average(
  rows: Float32Array,
  { at, length, width, column }: { readonly at: number; readonly length: number; readonly width: number; readonly column: number },
): number {
  let sum = 0;
  for (let t = 0; t < length; t++) sum += rows[at + t * width + column];
  return sum / length;
}

/** W x + b of `<name>` and `<name>Bias`; without one b is zero. */
function affine(values: Params, name: string, x: Float64Array): Float64Array {
  const { shape, data } = values[name];
  const bias = values[`${name}Bias`]?.data;
  return Float64Array.from({ length: shape[0] }, (_, row) => {
    const start = row * shape[1];
    return x.reduce((sum, value, i) => sum + value * data[start + i], bias?.[row] ?? 0);
  });
}

function largest(rows: Float32Array, width: number): Float64Array {
  return Float64Array.from({ length: width }, (_, column) => Math.max(...rows.filter((_, i) => i % width === column)));
}

function queryOf(values: Params, text: Float64Array): Float64Array {
  const hidden = affine(values, "attempt/down", text).map((x) => x / (1 + Math.exp(-x)));
  const up = affine(values, "attempt/up", hidden);
  const mean = up.reduce((a, b) => a + b, 0) / up.length;
  const variance = up.reduce((sum, x) => sum + (x - mean) ** 2, 0) / up.length;
  const [weight, bias] = [values["attempt/normWeight"].data, values["attempt/normBias"].data];
  return up.map((x, j) => ((x - mean) / Math.sqrt(variance + 1e-5)) * weight[j] + bias[j]);
}
