import * as tf from "@tensorflow/tfjs-core";
import type { TokenBatch } from "../backbone/batch.ts";
import { backwardRows, forwardRows } from "../backbone/rows.ts";
import type { Transformer } from "../backbone/transformer.ts";
import type { TunedPass, TunerOptions } from "./tuner.ts";

/** A pass with P prompt rows in front of each text's; its gradient goes no further than they. */
interface PromptedPass extends Omit<TunedPass, "backward"> {
  /** d last → d prompts (B, P, H). */
  backward(dLast: tf.Tensor2D): tf.Tensor3D;
}

/** Where prompts come in. */
interface Insertion {
  /** The texts' rows there, (B·T, H). */
  readonly x: tf.Tensor2D;
  /** The layer that reads them. */
  readonly layer: number;
}

/** Position of a text's first token with P prompt rows in front of it. */
export function firstPositionOf(promptTokens: number, { positionsAfterPrefix }: TunerOptions): number {
  return positionsAfterPrefix ? promptTokens : 0;
}

/**
 * Prompts (B, P, H) in front of the words, before the special token that a family begins with. They stand where word embeddings do: a
 * family's position and type are added to them and its embeddings' norm comes after them, as in Hugging Face's `inputs_embeds`
 * (https://huggingface.co/docs/peft). Their positions are the P before the text's; where the text begins at 0 a table of positions has none for them
 * and adds none, and rotations are relative, so that both ways are the same.
 */
export function forwardPrompted(transformer: Transformer, prompts: tf.Tensor3D, batch: TokenBatch, options: TunerOptions): PromptedPass {
  const numPrompt = prompts.shape[1];
  const firstPosition = firstPositionOf(numPrompt, options);
  const addition = transformer.rowAddition(numPrompt, firstPosition - numPrompt);
  const rows = addition === null ? prompts : tf.add<tf.Tensor3D>(prompts, addition);
  return forwardInserted(transformer, rows, { x: transformer.embed(batch, firstPosition), layer: 0 }, batch, options);
}

/** Prompt rows (B, P, H) in front of the texts' rows, through the layers from there to the end. */
export function forwardInserted(
  transformer: Transformer,
  prompts: tf.Tensor3D,
  { x, layer }: Insertion,
  { numTokens, lengths }: TokenBatch,
  options: TunerOptions,
): PromptedPass {
  const [numTexts, numPrompt, width] = prompts.shape;
  const rowsPerText = numPrompt + numTokens;
  const numRows = numTexts * rowsPerText;
  const together = tf.concat3d([prompts, tf.reshape<tf.Rank.R3>(x, [numTexts, numTokens, width])], 1);
  const shape = { numTokens: rowsPerText, lengths: lengths.map((length) => numPrompt + length) };
  const pass = forwardRows(transformer, tf.reshape<tf.Rank.R2>(together, [numRows, width]), shape, {
    firstLayer: layer,
    firstPosition: firstPositionOf(numPrompt, options) - numPrompt,
    hasGradient: options.hasGradient,
  });
  return {
    last: pass.last,
    states: pass.states,
    numRows,
    rowOf: (example, token) => example * rowsPerText + numPrompt + token,
    backward(dLast) {
      const dRows = tf.reshape<tf.Rank.R3>(backwardRows(transformer, dLast, pass), [numTexts, rowsPerText, width]);
      return tf.slice3d(dRows, [0, 0, 0], [numTexts, numPrompt, width]);
    },
  };
}

/** One prompt (P, H) for every text: (B, P, H). */
export function forEachText(prompt: tf.Tensor2D, numTexts: number): tf.Tensor3D {
  return tf.tile(tf.expandDims<tf.Tensor3D>(prompt, 0), [numTexts, 1, 1]);
}

/** Tokens of each text that a prompt may be made from. */
export function contextOf({ contextLengths, lengths }: TokenBatch): readonly number[] {
  return contextLengths ?? lengths;
}
