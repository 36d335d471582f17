import type * as tf from "@tensorflow/tfjs-core";
import type { TokenBatch } from "../backbone/batch.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { meanRows } from "../kernels/meanRows.ts";
import { generatePrompts } from "./generator.ts";
import { contextOf, forwardPrompted } from "./promptRows.ts";
import type { Tuner } from "./tuner.ts";

/**
 * IDPG (Wu et al. 2022, https://arxiv.org/abs/2204.04497): two linear maps with GELU in between, as in its public code, make each text's
 * prompt from the frozen backbone's embedding of the bare text. Ours: that embedding is the mean of the last states over the text's tokens,
 * which decoders have too; the prompt stands in front of the words; of its variants the one at the input with plain matrices; no dropout.
 */
export function createIdpgTuner(transformer: Transformer): Tuner {
  return {
    forward(values, batch, options) {
      const sentences = sentenceEmbeddings(transformer, batch);
      const { prompts, backward } = generatePrompts("idpg", sentences, values, { kind: "gelu", hasGradient: options.hasGradient });
      const pass = forwardPrompted(transformer, prompts, batch, options);
      return { ...pass, backward: (dLast) => backward(pass.backward(dLast)) };
    },
  };
}

/** The mean of each bare text's last states, its positions from 0: (B, H). */
function sentenceEmbeddings(transformer: Transformer, batch: TokenBatch): tf.Tensor2D {
  const { last } = transformer.forward(batch, { prefixes: null, firstPosition: 0, hasGradient: false });
  return meanRows(last, { starts: batch.starts, lengths: contextOf(batch) });
}
