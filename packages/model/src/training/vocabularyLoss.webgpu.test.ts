import * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { createRandom } from "@tutti/core";
import { expect, test } from "vitest";
import { createLanguageHead } from "../backbone/languageHead.ts";
import { randomDecoder } from "../testing/randomDecoder.ts";
import { shareGpu } from "../testing/sharedGpu.ts";
import { vocabularyAnswers, vocabularyLossAndGradient } from "./vocabularyLoss.ts";

shareGpu();

const vocabSize = 4096;
const numRows = 48;
/** A third of the logits alone. */
const maxBytes = (4 * vocabSize * numRows) / 3;

/** Runs `act` and gives the most bytes that tensors took on the GPU at a time, beyond those from before. */
async function peakOf(act: () => Promise<void>): Promise<number> {
  const pool = (tf.backend() as WebGPUBackend).bufferManager;
  const acquire = pool.acquireBuffer;
  const before = pool.numBytesUsed;
  let most = before;
  pool.acquireBuffer = (...asked) => {
    const buffer = acquire.apply(pool, asked);
    most = Math.max(most, pool.numBytesUsed);
    return buffer;
  };
  await act().finally(() => {
    pool.acquireBuffer = acquire;
  });
  return most - before;
}

test("blocks give the whole form's numbers within float32 rounding, and the GPU never holds more than they may take", async () => {
  const backbone = randomDecoder(vocabSize);
  const headed = { head: createLanguageHead(backbone), config: backbone.config };
  const random = createRandom(3).stream({ purpose: "rows" });
  const rows = tf.tensor2d(
    Float32Array.from({ length: numRows * 8 }, () => 2 * random.normal()),
    [numRows, 8],
  );
  const targets = Array.from({ length: numRows }, () => random.integer(vocabSize));
  const shares = targets.map(() => 1 / numRows);
  const numbers: Record<string, number[]> = {};
  const run = async (name: string, most?: number) => {
    const { loss, dRows } = tf.tidy(() => vocabularyLossAndGradient(headed, rows, { targets, shares }, most));
    const { losses, best } = tf.tidy(() => vocabularyAnswers(headed, rows, targets, most));
    numbers[name] = [];
    for (const tensor of [loss, dRows, losses, best]) numbers[name].push(...(await tensor.data()));
    tf.dispose([loss, dRows, losses, best]);
  };
  await run("whole"); // uploads the vocabulary and compiles
  const [whole, inBlocks] = [await peakOf(() => run("whole")), await peakOf(() => run("blocks", maxBytes))];
  for (const [i, value] of numbers.blocks.entries()) expect(value).toBeCloseTo(numbers.whole[i], 5);
  expect(numbers.blocks).toHaveLength(1 + 8 * numRows + 2 * numRows);
  expect(whole).toBeGreaterThan(2 * 4 * vocabSize * numRows);
  const besides = 16 * 4 * 8 * numRows; // rows, targets and results, of 8 numbers a row at most
  expect(inBlocks).toBeLessThanOrEqual(maxBytes + besides);
  rows.dispose();
  headed.head.dispose();
});
