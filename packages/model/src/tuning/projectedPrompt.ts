import * as tf from "@tensorflow/tfjs-core";
import { projectionIntegers, projectionStdDev, type Random, type TuningSettingsOf } from "@tutti/core";
import type { Transformer } from "../backbone/transformer.ts";
import { smallProduct, sumRows } from "../kernels/smallProduct.ts";
import { forwardPrompted } from "./promptRows.ts";
import type { Tuner } from "./tuner.ts";

/** Rows of the table of words that are unpacked at once. */
const rowsAtOnce = 1024;

/**
 * A soft prompt P z in front of the words (BBT, https://arxiv.org/abs/2201.03514; FedBPT, https://arxiv.org/abs/2310.01467): parameter `z` (d), and P fixed. Its values are
 * integers from the run's seed, scaled by the standard deviation of the word embeddings in f64, all on the CPU: every backend is given the same bits.
 */
export function createProjectedPromptTuner(
  transformer: Transformer,
  tuning: Pick<TuningSettingsOf<"projectedPrompt">, "promptTokens" | "dimension" | "spread">,
  random: Random,
): Tuner {
  const { promptTokens, dimension } = tuning;
  const width = transformer.config.hiddenSize;
  const numValues = promptTokens * width;
  const name = `projection ${random.seed} ${promptTokens} ${dimension} ${tuning.spread}`;
  const projection = () =>
    transformer.constant(name, () => tf.tensor2d(projectionOf(transformer, tuning, random), [dimension, numValues])) as tf.Tensor2D;
  return {
    forward(values, batch, options) {
      const z = tf.reshape<tf.Rank.R2>(values.z, [1, dimension]);
      const prompt = tf.reshape<tf.Rank.R3>(smallProduct(z, 1, projection()), [1, promptTokens, width]);
      const pass = forwardPrompted(transformer, prompt, batch, options);
      return {
        ...pass,
        backward(dLast) {
          const numTexts = batch.lengths.length;
          const ofTexts = tf.reshape<tf.Rank.R2>(pass.backward(dLast), [numTexts, numValues]);
          const dPrompt = tf.reshape<tf.Rank.R2>(sumRows(ofTexts, numTexts), [1, numValues]);
          return { z: tf.reshape(smallProduct(dPrompt, 1, projection(), { turnsB: true }), [dimension]) };
        },
      };
    },
  };
}

/** Pᵀ, (d, prompt values) row-major. */
export function projectionOf(
  transformer: Pick<Transformer, "config" | "wordRows">,
  { promptTokens, dimension, spread }: Pick<TuningSettingsOf<"projectedPrompt">, "promptTokens" | "dimension" | "spread">,
  random: Random,
): Float32Array {
  const integers = projectionIntegers(random, dimension * promptTokens * transformer.config.hiddenSize);
  const scale = projectionStdDev(embeddingStdDev(transformer), { spread, dimension });
  const values = new Float32Array(integers.length);
  for (let i = 0; i < values.length; i++) values[i] = scale * integers[i];
  return values;
}

/** Over all values of the table of words, in f64 and in their order. */
function embeddingStdDev({ config, wordRows }: Pick<Transformer, "config" | "wordRows">): number {
  let [sum, squares] = [0, 0];
  for (let first = 0; first < config.vocabSize; first += rowsAtOnce) {
    const ids = Array.from({ length: Math.min(rowsAtOnce, config.vocabSize - first) }, (_, i) => first + i);
    for (const value of wordRows(ids)) {
      sum += value;
      squares += value * value;
    }
  }
  const numValues = config.vocabSize * config.hiddenSize;
  return Math.sqrt(squares / numValues - (sum / numValues) ** 2);
}
