import * as tf from "@tensorflow/tfjs-core";
import type { Params, RandomStream } from "@tutti/core";
import { tokenBatch } from "./backbone/batch.ts";
import { createPast } from "./backbone/past.ts";
import type { Transformer } from "./backbone/transformer.ts";
import { type SamplingSettings, sampleToken } from "./sampling.ts";
import type { Tuned } from "./training/gradient.ts";
import type { Residual } from "./tuning/frozenProducts.ts";
import { flattenTuned, valuesFor } from "./tuning/layout.ts";
import { fittedTo } from "./tuning/ownLayout.ts";
import { createBareTuner, createPrefixTuner } from "./tuning/prefix.ts";
import { onlyInFront } from "./tuning/readingOn.ts";
import { residualAmong } from "./tuning/residual.ts";
import type { TunedValues, Tuner } from "./tuning/tuner.ts";

/** How the next tokens are chosen, and when they end. */
export interface ContinuationOptions extends SamplingSettings {
  readonly maxNewTokens: number;
  /** Generation ends before one of these. */
  readonly stopTokens?: readonly number[];
  readonly random: RandomStream;
  readonly onToken?: (id: number) => void;
  /** Told of each choice before what is chosen is read; also of the token that ends the text, which is not part of it. */
  readonly onChoice?: ((choice: Choice) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A token that was chosen, and the logits (V) that it was chosen by. */
export interface Choice {
  readonly id: number;
  readonly logits: Float32Array;
  readonly isEnd: boolean;
}

/** How a text is continued, token by token. */
export interface GenerationOptions extends ContinuationOptions {
  /** Tuned prompts, one (2, P, W) per layer; the caller keeps them. */
  readonly prefixes?: readonly tf.Tensor3D[];
  readonly positionsAfterPrefix?: boolean;
}

/** A causal backbone reading one text token by token. Owns the keys and values it has seen. */
export interface CausalReader {
  /** Reads on and gives the logits (V) of the token after the last. */
  read(ids: readonly number[]): Promise<Float32Array>;
  /** Tokens that still fit. */
  room(): number;
  dispose(): void;
}

/** Throws a sentence where a backbone cannot continue a text. */
export function requireCausal({ isCausal, family }: Pick<Transformer["config"], "isCausal" | "family">): void {
  if (isCausal) return;
  throw new Error(`${family} backbones read the whole text at once and cannot continue it: choose a gpt2 or llama backbone`);
}

/** Opens a text. What was read stays as keys and values in front of what comes, as a tuned prompt does, so no token is computed twice. */
export function createCausalReader(
  transformer: Transformer,
  prefixes: readonly tf.Tensor3D[] | null = null,
  positionsAfterPrefix = false,
): CausalReader {
  requireCausal(transformer.config);
  if (prefixes === null) return openText(transformer, createBareTuner(transformer), { values: () => ({}), positionsAfterPrefix });
  const kept = prefixes.map((prefix) => tf.keep(tf.clone(prefix)));
  return openText(transformer, onlyInFront(transformer, createPrefixTuner(transformer)), {
    values: () => Object.fromEntries(kept.map((prefix, layer) => [`prefix/${layer}`, prefix])),
    firstPosition: positionsAfterPrefix ? prefixes[0].shape[1] : 0,
    positionsAfterPrefix,
    own: kept,
  });
}

/**
 * As `createCausalReader`, of a tuned backbone whatever its method; null params mean the bare one. `firstPosition` is the text's: P where its
 * positions come after the prompt.
 */
export function createTunedReader(
  tuned: Pick<Tuned, "transformer" | "tuner" | "layout" | "positionsAfterPrefix">,
  params: Params | null,
  firstPosition: number,
): CausalReader {
  const { transformer, tuner, layout, positionsAfterPrefix } = fittedTo(tuned, params);
  requireCausal(transformer.config);
  if (params === null) return createCausalReader(transformer);
  const residual = residualAmong(tuner, params);
  const vector = tf.keep(tf.tensor1d(flattenTuned(layout, params)));
  return openText(transformer, tuner, {
    values: () => valuesFor(tuner, layout, vector),
    firstPosition,
    positionsAfterPrefix,
    own: [vector],
    residual,
  });
}

interface Opened {
  /** Called within a tidy. */
  readonly values: () => TunedValues;
  readonly firstPosition?: number;
  readonly positionsAfterPrefix: boolean;
  /** Released with the reader. */
  readonly own?: readonly tf.Tensor[];
  /** Released with the reader, too. */
  readonly residual?: Residual | null;
}

function openText(
  { config, head }: Transformer,
  tuner: Tuner,
  { values, firstPosition = 0, positionsAfterPrefix, own = [], residual = null }: Opened,
): CausalReader {
  const past = createPast(firstPosition);
  return {
    async read(ids) {
      const logits = tf.tidy(() => {
        const batch = tokenBatch([ids], config.padTokenId);
        const pass = tuner.forward(values(), batch, { positionsAfterPrefix, hasGradient: false, past, residual: residual ?? undefined });
        const last = tf.slice2d(pass.last, [pass.rowOf(0, ids.length - 1), 0], [1, config.hiddenSize]);
        return head.forward(last, null, false).logits;
      });
      past.endPiece(ids.length);
      return logits.data<"float32">().finally(() => logits.dispose());
    },
    room: () => config.maxPositions - past.position,
    dispose() {
      past.dispose();
      tf.dispose([...own]);
      residual?.dispose();
    },
  };
}

/** Continues a text; the new tokens alone. Greedy at temperature 0, otherwise the same stream gives the same text. */
export async function generate(transformer: Transformer, ids: readonly number[], options: GenerationOptions): Promise<number[]> {
  const { prefixes = null, positionsAfterPrefix = false } = options;
  return continueText(createCausalReader(transformer, prefixes, positionsAfterPrefix), ids, options);
}

/** Reads a text and the tokens that follow it, one by one; the new tokens alone. Disposes the reader. */
export async function continueText(reader: CausalReader, ids: readonly number[], options: ContinuationOptions): Promise<number[]> {
  const { maxNewTokens, stopTokens = [], random, onToken, onChoice, signal } = options;
  const generated: number[] = [];
  try {
    let logits = await reader.read(ids);
    while (generated.length < maxNewTokens) {
      signal?.throwIfAborted();
      const token = sampleToken(logits, options, random);
      const isEnd = stopTokens.includes(token);
      onChoice?.({ id: token, logits, isEnd });
      if (isEnd) break;
      generated.push(token);
      onToken?.(token);
      if (generated.length === maxNewTokens || reader.room() < 1) break;
      logits = await reader.read([token]);
    }
  } finally {
    reader.dispose();
  }
  return generated;
}
