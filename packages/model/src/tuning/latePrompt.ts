import { forwardRows } from "../backbone/rows.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { pickRows } from "../kernels/rows.ts";
import { generatePrompts } from "./generator.ts";
import { contextOf, firstPositionOf, forwardInserted } from "./promptRows.ts";
import type { Tuner } from "./tuner.ts";

/**
 * Late Prompt Tuning (Liu et al. 2022, https://arxiv.org/abs/2210.11292), its naive prompt generator: behind the middle layer, ⌊L/2⌋, two
 * linear maps with ReLU in between make each text's prompt from the state of its first token (causal backbones: of its last), and it goes in
 * front of the states there. Nothing below has a gradient. Ours: no dropout.
 */
export function createLatePromptTuner(transformer: Transformer, { promptTokens }: { readonly promptTokens: number }): Tuner {
  const { numLayers, isCausal } = transformer.config;
  const layer = Math.floor(numLayers / 2);
  return {
    forward(values, batch, options) {
      const firstPosition = firstPositionOf(promptTokens, options);
      const embedded = transformer.embed(batch, firstPosition);
      const below = forwardRows(transformer, embedded, batch, { endLayer: layer, firstPosition, hasGradient: false, past: options.past });
      const x = below.states[layer];
      const read = contextOf(batch).map((length, i) => batch.starts[i] + (isCausal ? length - 1 : 0));
      const { prompts, backward } = generatePrompts("late", pickRows(x, read), values, { kind: "relu", hasGradient: options.hasGradient });
      const pass = forwardInserted(transformer, prompts, { x, layer }, batch, options);
      return {
        ...pass,
        states: [...below.states.slice(0, layer), ...pass.states],
        layouts: [...below.states.slice(0, layer).map(() => batch), ...pass.layouts],
        backward: (dLast) => backward(pass.backward(dLast)),
      };
    },
  };
}
