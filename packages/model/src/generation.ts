import * as tf from "@tensorflow/tfjs-core";
import type { RandomStream } from "@tutti/core";
import { tokenBatch } from "./backbone/batch.ts";
import { keyValueWidth } from "./backbone/config.ts";
import type { Pass, Transformer } from "./backbone/transformer.ts";
import { type SamplingSettings, sampleToken } from "./sampling.ts";

/** How a text is continued, token by token. */
export interface GenerationOptions extends SamplingSettings {
  readonly maxNewTokens: number;
  /** Generation ends before one of these. */
  readonly stopTokens?: readonly number[];
  /** Tuned prompts, one (2, P, W) per layer; the caller keeps them. */
  readonly prefixes?: readonly tf.Tensor3D[];
  readonly positionsAfterPrefix?: boolean;
  readonly random: RandomStream;
  readonly onToken?: (id: number) => void;
  readonly signal?: AbortSignal;
}

/** A causal backbone reading one text token by token. Owns the keys and values it has seen. */
export interface CausalReader {
  /** Reads on and gives the logits (V) of the token after the last. */
  read(ids: readonly number[]): Promise<Float32Array>;
  /** Tokens that still fit. */
  room(): number;
  dispose(): void;
}

/** Opens a text. What was read stays as keys and values in front of what comes, as a tuned prompt does, so no token is computed twice. */
export function createCausalReader(
  transformer: Transformer,
  prefixes: readonly tf.Tensor3D[] | null = null,
  positionsAfterPrefix = false,
): CausalReader {
  const { config, head } = transformer;
  if (!config.isCausal)
    throw new Error(`${config.family} backbones read the whole text at once and cannot continue it: choose a gpt2 or llama backbone`);
  let seen: tf.Tensor3D[] | null = prefixes === null ? null : prefixes.map((prefix) => tf.clone(prefix));
  let position = positionsAfterPrefix ? (prefixes?.[0]?.shape[1] ?? 0) : 0;
  const release = () => {
    if (seen !== null) tf.dispose(seen);
    seen = null;
  };
  return {
    async read(ids) {
      const { logits, next } = tf.tidy(() => {
        const batch = tokenBatch([ids], config.padTokenId);
        const pass = transformer.forward(batch, { prefixes: seen, firstPosition: position, hasGradient: false });
        const last = tf.slice2d(pass.last, [ids.length - 1, 0], [1, config.hiddenSize]);
        const added = keysAndValues(pass, ids.length);
        return {
          logits: head.forward(last, null, false).logits,
          next: added.map((layer, i) => (seen === null ? layer : tf.concat3d([seen[i], layer], 1))),
        };
      });
      release();
      seen = next;
      position += ids.length;
      const values = await logits.data<"float32">();
      logits.dispose();
      return values;
    },
    room: () => config.maxPositions - position,
    dispose: release,
  };
}

/** Continues a text; the new tokens alone. Greedy at temperature 0, otherwise the same stream gives the same text. */
export async function generate(transformer: Transformer, ids: readonly number[], options: GenerationOptions): Promise<number[]> {
  const { maxNewTokens, stopTokens = [], prefixes = null, positionsAfterPrefix = false, random, onToken, signal } = options;
  const reader = createCausalReader(transformer, prefixes, positionsAfterPrefix);
  const generated: number[] = [];
  try {
    let logits = await reader.read(ids);
    while (generated.length < maxNewTokens) {
      signal?.throwIfAborted();
      const token = sampleToken(logits, options, random);
      if (stopTokens.includes(token)) break;
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

/** Each layer's keys, turned by their positions already, and values: (2, T, W). */
function keysAndValues(pass: Pass, numTokens: number): tf.Tensor3D[] {
  const { config } = pass.context;
  const width = keyValueWidth(config);
  const queries = config.numHeads * config.headSize;
  return pass.layers.map(({ attended: { qkv } }) =>
    tf.transpose(tf.reshape(tf.slice2d(qkv, [0, queries], [numTokens, 2 * width]), [numTokens, 2, width]), [1, 0, 2]),
  );
}
