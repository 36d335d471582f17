import type { DeviceExamples } from "./workplace.ts";

/** A device's examples, as they were when each of its tasks was planned. */
export interface ExamplesOverTime<E> {
  /** From now on these, too. */
  add(examples: DeviceExamples<E>): void;
  /** The latest of this number, or the latest of all; those before them are forgotten, since tasks come in the order of their plans. */
  take(numExamples: number): DeviceExamples<E>;
}

/** How many are kept for tasks that are out: one is, and a few more where somebody types quickly. */
const maxKept = 16;

/** None yet: `add` comes first. */
export function createExamplesOverTime<E>(): ExamplesOverTime<E> {
  let kept: readonly DeviceExamples<E>[] = [];
  return {
    add(examples) {
      kept = [...kept.filter(({ train }) => train.length !== examples.train.length), examples].slice(-maxKept);
    },
    take(numExamples) {
      const index = kept.findLastIndex(({ train }) => train.length === numExamples);
      const taken = kept.at(index);
      if (taken === undefined) throw new Error("the device has no examples yet");
      if (index > 0) kept = kept.slice(index);
      return taken;
    },
  };
}
