import { type Params, promptOf } from "@tutti/core";
import { textsOf, tokenBatch } from "../backbone/batch.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { tokenRows } from "./prefix.ts";
import type { TunedPass, Tuner, TunerOptions } from "./tuner.ts";

/**
 * A prompt of words behind each text's first token, at their own positions, as if they stood in it (FedDTPT, https://arxiv.org/abs/2411.00985): parameter `tokens`
 * (P, 2), which decides the length of a text, so that a pass needs the tuner of these very values.
 */
export function createDiscretePromptTuner(transformer: Transformer): Tuner {
  const { padTokenId } = transformer.config;
  const ofPrompt = (prompt: readonly number[]): Tuner => ({
    forward(_, batch, { hasGradient, past }: TunerOptions): TunedPass {
      if (hasGradient) throw new Error("the words of a discrete prompt have no gradient");
      const texts = tokenBatch(
        textsOf(batch).map((ids) => withPrompt(ids, prompt)),
        padTokenId,
      );
      const { last, states } = transformer.forward(texts, { prefixes: null, firstPosition: 0, hasGradient, past });
      const { rowOf, ...rows } = tokenRows(texts, states);
      return {
        ...rows,
        rowOf: (example, token) => rowOf(example, token === 0 ? 0 : prompt.length + token),
        last,
        states,
        backward: () => {
          throw new Error("the words of a discrete prompt have no gradient");
        },
      };
    },
  });
  return { ...ofPrompt([]), ofParams: (params: Params) => ofPrompt(promptOf(params)) };
}

/** A text's tokens with a prompt's behind the first. */
export function withPrompt([first, ...others]: readonly number[], prompt: readonly number[]): number[] {
  return [first, ...prompt, ...others];
}
