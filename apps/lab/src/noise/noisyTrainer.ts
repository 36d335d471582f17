import { createRandom } from "@tutti/core";
import type { Trainer, TrainerTask } from "@tutti/model";
import type { NoisePlan } from "@tutti/record";
import { noisyParams } from "./noisyParams.ts";

/** What the clients of a run are told of the noise; it survives being sent to a process. */
export interface NoiseOrder {
  readonly plan: NoisePlan;
  /** Of the run. */
  readonly seed: number;
}

/**
 * A trainer whose training tasks meet noise on both ways: every set of parameters that the device is sent, and the difference that it sends back. The device knows
 * nothing of it: it trains from what arrived. Counts, scores and losses arrive whole, and so does what is evaluated.
 */
export function noisyTrainer(trainer: Trainer, { plan, seed }: NoiseOrder): Trainer {
  const random = createRandom(seed);
  const streamOf = ({ stage, round, attempt, deviceId: device }: TrainerTask, way: string) =>
    random.stream({ stage, round, attempt, device, purpose: `noise ${way}` });
  return {
    ...trainer,
    async compute(task, state, onStep, signal) {
      if (task.spec.kind !== "train") return trainer.compute(task, state, onStep, signal);
      const names = Object.keys(task.parameterSets);
      const sets = names.map((name) => [name, noisyParams(task.parameterSets[name] ?? {}, plan, streamOf(task, `down ${name}`))] as const);
      const result = await trainer.compute({ ...task, parameterSets: Object.fromEntries(sets) }, state, onStep, signal);
      const { body } = result;
      if (body.kind !== "train") return result;
      return { ...result, body: { ...body, delta: noisyParams(body.delta, plan, streamOf(task, "up")) } };
    },
  };
}
