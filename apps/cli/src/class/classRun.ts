import { type FedPepTaoSettings, presets, type RunSettings } from "@tutti/core";

/** What is asked for of a class's run. */
export interface AskedClass {
  readonly task: string;
  readonly backbone?: string | undefined;
  readonly seed: number;
  readonly rounds?: number | undefined;
  /** Devices that the helpers fill a round up to; 0 for no helpers. */
  readonly helpers?: number | undefined;
  /** People's devices that the run waits for. */
  readonly minDevices?: number | undefined;
}

/** Devices that a round has while few people are there: enough that a mean is one, few enough for one core. */
export const usualFill = 4;

/** More than a lesson needs: a run that is over takes nobody, and the teacher ends it. */
const usualRounds = 600;

const strategy = presets.demo.strategy as FedPepTaoSettings;

/**
 * A run for a lesson: short tasks, so that rounds take seconds on phones; nobody is waited for long; and the guards of the preset `public`, as anybody
 * in the room may send anything.
 */
export function classRun({ task, backbone, seed, rounds = usualRounds, helpers = usualFill, minDevices = 1 }: AskedClass): RunSettings {
  return {
    ...presets.public,
    seed,
    task,
    ...(backbone === undefined ? {} : { backbone }),
    roster: "open",
    numDevices: 20,
    minDevices,
    cohortSize: 8,
    numRounds: rounds,
    evaluateEvery: 5,
    deadlineMs: 60_000,
    quorum: 0.5,
    adaptiveDeadline: { deviations: 6, floorMs: 8000 },
    ...(helpers === 0 ? {} : { helpers: { fillTo: helpers } }),
    training: { ...presets.public.training, localEpochs: 2 },
    strategy: { ...strategy, pooling: "median", countingRounds: 1, probeDevices: 1, lanczosSteps: 10, serverLearningRateDecay: 0.995 },
  };
}
