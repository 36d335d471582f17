import type * as tf from "@tensorflow/tfjs-core";
import type { RowLayout } from "../backbone/batch.ts";
import type { Transformer } from "../backbone/transformer.ts";
import type { TunedPass, TunedValues, Tuner } from "./tuner.ts";

/**
 * Prompts in every layer, keys and values in front of those of the text (P-tuning v2, https://arxiv.org/abs/2110.07602, without the
 * re-parameterisation network, as in FedPepTAO): parameters `prefix/<layer>` (2, P, W).
 */
export function createPrefixTuner(transformer: Transformer): Tuner {
  const names = Array.from({ length: transformer.config.numLayers }, (_, layer) => `prefix/${layer}`);
  return {
    forward(values, batch, { positionsAfterPrefix, hasGradient, past }) {
      const prefixes = prefixesOf(values);
      const firstPosition = positionsAfterPrefix ? prefixes[0].shape[1] : 0;
      const pass = transformer.forward(batch, { prefixes, firstPosition, hasGradient, past });
      return {
        ...tokenRows(batch, pass.states),
        last: pass.last,
        states: pass.states,
        backward: (dLast) => Object.fromEntries(transformer.backward(dLast, pass).map((gradient, layer) => [names[layer], gradient])),
      };
    },
  };
}

/** Layer 0's prefix, layer 1's, …. */
export function prefixesOf(values: TunedValues): tf.Tensor3D[] {
  const prefixes: tf.Tensor3D[] = [];
  for (let layer = 0; values[`prefix/${layer}`] !== undefined; layer++) prefixes.push(values[`prefix/${layer}`] as tf.Tensor3D);
  return prefixes;
}

/** The backbone as it is, with nothing trained. */
export function createBareTuner(transformer: Transformer): Tuner {
  return {
    forward(_, batch, { hasGradient, past }) {
      const { last, states } = transformer.forward(batch, { prefixes: null, firstPosition: past?.position ?? 0, hasGradient, past });
      return { ...tokenRows(batch, states), last, states, backward: () => ({}) };
    },
  };
}

/** The rows of a pass in which each text has its tokens' rows and no other. */
export function tokenRows(rows: RowLayout, states: TunedPass["states"]): Pick<TunedPass, "numRows" | "rowOf" | "layouts"> {
  return { numRows: rows.numRows, rowOf: (example, token) => rows.starts[example] + token, layouts: states.map(() => rows) };
}
