import * as tf from "@tensorflow/tfjs-core";
import { type RowLayout, type TokenBatch, withRowsInFront } from "../backbone/batch.ts";
import { backwardRows, forwardRows } from "../backbone/rows.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { pickRows } from "../kernels/rows.ts";
import type { TunedPass, TunerOptions } from "./tuner.ts";

/** A pass with P prompt rows in front of each text's; its gradient goes no further than they. */
interface PromptedPass extends Omit<TunedPass, "backward"> {
  /** d last → d of each text's prompt (B, P, H). */
  backward(dLast: tf.Tensor2D): tf.Tensor3D;
}

/** Where prompts come in. */
interface Insertion {
  /** The texts' rows there, (rows, H). */
  readonly x: tf.Tensor2D;
  /** The layer that reads them. */
  readonly layer: number;
}

/** Position of a text's first token with P prompt rows in front of it. */
export function firstPositionOf(promptTokens: number, { positionsAfterPrefix }: TunerOptions): number {
  return positionsAfterPrefix ? promptTokens : 0;
}

/**
 * Prompts (B, P, H), or one (1, P, H) for every text, in front of the words, before the special token that a family begins with. They stand where word embeddings do: a
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

/** Prompt rows (B, P, H), or one text's (1, P, H) for all, in front of the texts' rows, through the layers from there to the end. */
export function forwardInserted(
  transformer: Transformer,
  prompts: tf.Tensor3D,
  { x, layer }: Insertion,
  texts: RowLayout,
  options: TunerOptions,
): PromptedPass {
  const [numPrompts, numPrompt, width] = prompts.shape;
  const numTexts = texts.lengths.length;
  const layout = withRowsInFront(texts, numPrompt);
  const sources = tf.concat2d([tf.reshape<tf.Rank.R2>(prompts, [numPrompts * numPrompt, width]), x], 0);
  const pass = forwardRows(transformer, pickRows(sources, insertedRows(texts, prompts.shape, layout)), layout, {
    firstLayer: layer,
    firstPosition: firstPositionOf(numPrompt, options) - numPrompt,
    hasGradient: options.hasGradient,
    past: options.past,
  });
  return {
    last: pass.last,
    states: pass.states,
    layouts: pass.states.map(() => layout),
    numRows: layout.numRows,
    rowOf: (example, token) => layout.starts[example] + numPrompt + token,
    backward(dLast) {
      const rows = layout.starts.flatMap((start) => Array.from({ length: numPrompt }, (_, i) => start + i));
      return tf.reshape(pickRows(backwardRows(transformer, dLast, pass), rows), [numTexts, numPrompt, width]);
    },
  };
}

/** For every row of the layout its row among the prompts and, behind them, the texts; any row for those behind the last text. */
function insertedRows({ starts, lengths }: RowLayout, [numPrompts, numPrompt]: readonly number[], layout: RowLayout): number[] {
  const rows = new Array<number>(layout.numRows).fill(0);
  const numPromptRows = numPrompt * numPrompts;
  layout.starts.forEach((start, text) => {
    for (let i = 0; i < numPrompt; i++) rows[start + i] = (text % numPrompts) * numPrompt + i;
    for (let t = 0; t < lengths[text]; t++) rows[start + numPrompt + t] = numPromptRows + starts[text] + t;
  });
  return rows;
}

/** Tokens of each text that a prompt may be made from. */
export function contextOf({ contextLengths, lengths }: TokenBatch): readonly number[] {
  return contextLengths ?? lengths;
}
