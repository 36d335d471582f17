import { addSensitivity, loraPairs, matrixScores, noSensitivity, sensitivityScores, tunedShape } from "@tutti/core";
import { type TunedLayout, unflattenTuned } from "../tuning/layout.ts";

/** The sensitivity of every trained value over the steps of a task. */
export interface SensitivityWatch {
  /** After a step from these values with this gradient, both of all trained values. */
  add(values: ArrayLike<number>, gradient: ArrayLike<number>): void;
  /** How much each low-rank difference mattered, by the name of its b. */
  matrixScores(): Record<string, number>;
}

/** A watch over no steps yet. */
export function watchSensitivity(layout: TunedLayout): SensitivityWatch {
  let sensitivity = noSensitivity(layout.numValues);
  return {
    add(values, gradient) {
      sensitivity = addSensitivity(sensitivity, values, gradient);
    },
    matrixScores() {
      const scores = unflattenTuned(layout, sensitivityScores(sensitivity));
      return matrixScores(scores, loraPairs(tunedShape(layout.entries)));
    },
  };
}
