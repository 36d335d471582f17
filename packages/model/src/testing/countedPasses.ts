import type { Tuned } from "../training/gradient.ts";

/** Passes so far. */
export interface Passes {
  forward: number;
  /** Of these, those that keep what a backward pass would need. */
  withGradient: number;
  backward: number;
}

/** The same, with a count of passes forward and back. */
export function countPasses(tuned: Tuned): { readonly tuned: Tuned; readonly passes: Passes } {
  const passes: Passes = { forward: 0, withGradient: 0, backward: 0 };
  const tuner: Tuned["tuner"] = {
    ...tuned.tuner,
    forward(values, batch, options) {
      passes.forward += 1;
      if (options.hasGradient) passes.withGradient += 1;
      const pass = tuned.tuner.forward(values, batch, options);
      return {
        ...pass,
        backward(dLast) {
          passes.backward += 1;
          return pass.backward(dLast);
        },
      };
    },
  };
  return { tuned: { ...tuned, tuner }, passes };
}
