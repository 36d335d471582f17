import { type FedPepTaoSettings, presets, type RunSettings } from "@tutti/core";

/** What is asked for of a class's run. */
export interface AskedClass {
  readonly task: string;
  /** Labels that the class made up, with their words; absent for a task with a data set. */
  readonly labels?: RunSettings["labels"];
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
const usualRounds = 1000;

/** The wall shows how well the model does after the second round, and a look at each round would cost as much as training it. */
const firstLook = 2;

const strategy = presets.demo.strategy as FedPepTaoSettings;

/**
 * A run for a lesson: short tasks, so that rounds take seconds on phones; nobody is waited for long; and the guards of the preset `public`, as anybody
 * in the room may send anything.
 */
export function classRun(asked: AskedClass): RunSettings {
  const { task, labels, backbone, seed, rounds = usualRounds, helpers = usualFill, minDevices = 1 } = asked;
  const run: RunSettings = {
    ...presets.public,
    seed,
    task,
    ...(backbone === undefined ? {} : { backbone }),
    roster: "open",
    numDevices: 20,
    minDevices,
    cohortSize: 8,
    numRounds: rounds,
    evaluateEvery: firstLook,
    deadlineMs: 60_000,
    quorum: 0.5,
    adaptiveDeadline: { deviations: 6, floorMs: 8000 },
    ...(helpers === 0 ? {} : { helpers: { fillTo: helpers } }),
    training: { ...presets.public.training, localEpochs: 2 },
    strategy: { ...strategy, pooling: "median", countingRounds: 1, probeDevices: 1, lanczosSteps: 10, serverLearningRateDecay: 0.995 },
  };
  return labels === undefined ? run : typedRun(run, labels);
}

/**
 * The same where the class types its texts: one device with a few texts is enough, so nothing is measured beforehand that needs more, and the upper
 * half of the layers travels.
 */
function typedRun({ helpers: _, ...run }: RunSettings, labels: NonNullable<RunSettings["labels"]>): RunSettings {
  return {
    ...run,
    labels,
    evaluateEvery: 1, // a few kept-back texts
    training: { ...run.training, localEpochs: 4 },
    strategy: {
      ...strategy,
      selector: "last",
      keepFraction: 0.5,
      countingRounds: 0,
      initialPrompts: "fresh",
      serverLearningRateDecay: 0.995,
    },
  };
}
