import {
  addSensitivity,
  componentScores,
  loraPairs,
  matrixScores,
  noSensitivity,
  sensitivityScores,
  svdTriplets,
  tunedShape,
} from "@tutti/core";
import { type TunedLayout, unflattenTuned } from "../tuning/layout.ts";

/** The sensitivity of every trained value over the steps of a task. */
export interface SensitivityWatch {
  /** After a step from these values with this gradient, both of all trained values. */
  add(values: ArrayLike<number>, gradient: ArrayLike<number>): void;
  /** How much each low-rank difference mattered, by the name of its b. */
  matrixScores(): Record<string, number>;
  /** How much each component mattered, by the name of its matrix's e, with four digits. */
  componentScores(): Record<string, number[]>;
}

/** A watch over no steps yet. */
export function watchSensitivity(layout: TunedLayout): SensitivityWatch {
  let sensitivity = noSensitivity(layout.numValues);
  const scored = () => unflattenTuned(layout, sensitivityScores(sensitivity));
  const shape = tunedShape(layout.entries);
  return {
    add(values, gradient) {
      sensitivity = addSensitivity(sensitivity, values, gradient);
    },
    matrixScores: () => matrixScores(scored(), loraPairs(shape)),
    componentScores() {
      const scores = Object.entries(componentScores(scored(), svdTriplets(shape)));
      return Object.fromEntries(scores.map(([name, own]) => [name, own.map((score) => Number(score.toPrecision(4)))]));
    },
  };
}
