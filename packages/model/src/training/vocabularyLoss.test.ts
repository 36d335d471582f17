import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { beforeAll, describe, expect, test } from "vitest";
import { createLanguageHead } from "../backbone/languageHead.ts";
import type { PackedBackbone } from "../backbone/packed.ts";
import { startBackend } from "../backends.ts";
import { crossEntropy } from "../kernels/crossEntropy.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { randomDecoder } from "../testing/randomDecoder.ts";
import { maxLossBytes, vocabularyAnswers, vocabularyLossAndGradient, vocabularyLosses } from "./vocabularyLoss.ts";

/** Rows for the head, with what each is predicted to be. */
function rowsFor({ config }: PackedBackbone, numRows: number) {
  const random = createRandom(3).stream({ purpose: "rows" });
  const values = Float32Array.from({ length: numRows * config.hiddenSize }, () => 2 * random.normal());
  const targets = Array.from({ length: numRows }, () => random.integer(config.vocabSize));
  const shares = Array.from({ length: numRows }, () => (0.5 + random.uniform()) / numRows);
  return { values, targets, shares, shape: [numRows, config.hiddenSize] as [number, number] };
}

/** In float64: every row's loss and likeliest token, Σ share · loss, and its gradient, of a head without a dense part. */
function reference(backbone: PackedBackbone, { values, targets, shares }: ReturnType<typeof rowsFor>) {
  const { vocabSize, hiddenSize: width } = backbone.config;
  const { data: table } = backbone.tensor("embeddings.word");
  const dRows = new Float64Array(values.length);
  const best: number[] = [];
  const losses = targets.map((target, row) => {
    const logits = Float64Array.from({ length: vocabSize }, (_, word) =>
      Array.from({ length: width }, (_, i) => values[row * width + i] * table[word * width + i]).reduce((a, b) => a + b),
    );
    const largest = logits.reduce((a, b) => Math.max(a, b));
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
    best.push(logits.indexOf(largest));
    logits.forEach((logit, word) => {
      const d = shares[row] * (Math.exp(logit - largest) / total - (word === target ? 1 : 0));
      for (let i = 0; i < width; i++) dRows[row * width + i] += d * table[word * width + i];
    });
    return largest + Math.log(total) - logits[target];
  });
  return { losses, best, loss: losses.reduce((sum, loss, row) => sum + shares[row] * loss, 0), dRows };
}

async function read(tensors: Readonly<Record<string, tf.Tensor>>): Promise<Record<string, readonly number[]>> {
  const found = await Promise.all(Object.entries(tensors).map(async ([name, tensor]) => [name, [...(await tensor.data())]] as const));
  tf.dispose(tensors);
  return Object.fromEntries(found);
}

// 1032 tokens go through our own kernel on WASM, 1031 and 96 through plain operations
describe.each([
  ["cpu", 96],
  ["wasm", 1031],
  ["wasm", 1032],
] as const)("on %s over %i tokens", (backend, vocabSize) => {
  beforeAll(async () => {
    await startBackend(backend);
  });

  test("blocks give the loss and the gradient of the whole form, and those of float64, within float32 rounding", async () => {
    const backbone = randomDecoder(vocabSize);
    const head = createLanguageHead(backbone);
    const given = rowsFor(backbone, 13);
    const expected = reference(backbone, given);
    const run = (maxBytes?: number) =>
      read(
        tf.tidy(() =>
          vocabularyLossAndGradient({ head, config: backbone.config }, tf.tensor2d(given.values, given.shape), given, maxBytes),
        ),
      );
    const whole = await run();
    for (const rowsAtOnce of [5, 1]) {
      const { loss, dRows } = await run(7 * 4 * vocabSize * rowsAtOnce);
      expect(loss[0]).toBeCloseTo(whole.loss[0], 5); // losses of about 9, summed in another order
      for (const [i, value] of dRows.entries()) expect(value).toBe(whole.dRows[i]);
      expect(loss[0]).toBeCloseTo(expected.loss, 4);
      for (const [i, value] of dRows.entries()) expect(value).toBeCloseTo(expected.dRows[i], 5);
    }
    head.dispose();
  });

  test("every row's loss and likeliest token are the same bits in any block, and those of float64 within float32 rounding", async () => {
    const backbone = randomDecoder(vocabSize);
    const head = createLanguageHead(backbone);
    const given = rowsFor(backbone, 13);
    const expected = reference(backbone, given);
    const headed = { head, config: backbone.config };
    const run = (maxBytes?: number) =>
      read(tf.tidy(() => vocabularyAnswers(headed, tf.tensor2d(given.values, given.shape), given.targets, maxBytes)));
    const whole = await run();
    expect(whole.best).toEqual(expected.best);
    for (const [i, loss] of whole.losses.entries()) expect(loss).toBeCloseTo(expected.losses[i], 4);
    expect(await run(5 * 4 * vocabSize * 4)).toEqual(whole);
    const alone = tf.tidy(() => vocabularyLosses(headed, tf.tensor2d(given.values, given.shape), given.targets));
    expect(await read({ losses: alone })).toEqual({ losses: whole.losses });
    head.dispose();
  });
});

test("where all fits at once the loss and the gradient are the bits of one cross-entropy of all rows, dense head or none", async () => {
  await startBackend("wasm");
  for (const backbone of [randomDecoder(1032), goldenBackbone("roberta")]) {
    const head = createLanguageHead(backbone);
    const given = rowsFor(backbone, 6);
    const rows = tf.tensor2d(given.values, given.shape);
    const found = await read(tf.tidy(() => vocabularyLossAndGradient({ head, config: backbone.config }, rows, given)));
    const { loss, dRows } = tf.tidy(() => {
      const pass = head.forward(rows, null, true);
      const { loss, dLogits } = crossEntropy(pass.logits, given.targets, given.shares);
      return { loss, dRows: head.backward(dLogits, pass) };
    });
    expect(found).toEqual(await read({ loss, dRows }));
    rows.dispose();
    head.dispose();
  }
});

// 300 rows over 60,000 tokens are 72 MB of logits alone
test.each([60_000, 60_001])("over a vocabulary of %i no more than 64 MB is there at once, gradient included", async (vocabSize) => {
  await startBackend("wasm");
  const backbone = randomDecoder(vocabSize);
  const head = createLanguageHead(backbone);
  const given = rowsFor(backbone, 300);
  const rows = tf.tensor2d(given.values, given.shape);
  tf.dispose(head.forward(rows.slice([0, 0], [1, 8]), null, false).logits); // uploads the vocabulary
  const before = tf.memory().numBytes;
  const headed = { head, config: backbone.config };
  for (const compute of [
    (): tf.Tensor => vocabularyLossAndGradient(headed, rows, given).loss,
    () => vocabularyAnswers(headed, rows, given.targets).losses,
  ]) {
    const { peakBytes } = await tf.profile(() => tf.tidy(compute).dispose());
    expect(peakBytes - before).toBeLessThanOrEqual(maxLossBytes);
    expect(peakBytes - before).toBeGreaterThan(maxLossBytes / 4); // what is counted are the matrices over the vocabulary
  }
  rows.dispose();
  head.dispose();
});
