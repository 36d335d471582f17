import type { Transformer } from "../backbone/transformer.ts";
import { createBareTuner } from "./prefix.ts";
import type { Tuner } from "./tuner.ts";

/** A tuner of prompts in front of a text: later pieces of a text go through the bare backbone, behind the keys and values of its beginning. */
export function onlyInFront(transformer: Transformer, tuner: Tuner): Tuner {
  const bare = createBareTuner(transformer);
  return {
    ...tuner,
    forward: (values, batch, options) => (options.past?.hasRead === true ? bare : tuner).forward(values, batch, options),
  };
}
