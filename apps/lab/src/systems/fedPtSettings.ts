import { type FedPtSettings, fedPt, presets, type RunSettings, tunings } from "@tutti/core";

/** What can be chosen of a system's demo. */
export interface SystemSettings {
  readonly devices?: number | undefined;
  readonly rounds?: number | undefined;
  readonly seed?: number | undefined;
}

/** FedPT with its defaults on the built-in pair: the small model etude in the tabs, the large model concerto at the server. */
export function fedPtSettings({ devices = 8, rounds = 5, seed }: SystemSettings): RunSettings & { readonly strategy: FedPtSettings } {
  const { demo } = presets;
  const common = { promptDropout: 0, positionsAfterPrefix: false, head: "labelWords", lossOver: "labelWords" } as const;
  return {
    ...demo,
    backbone: "etude",
    task: "replies",
    numDevices: devices,
    minDevices: Math.min(4, devices),
    cohortSize: Math.min(4, devices),
    numRounds: rounds,
    evaluateEvery: rounds,
    evaluateZeroShot: false,
    seed: seed ?? demo.seed,
    deadlineMs: null,
    quorum: 1,
    partition: { kind: "dirichletLabel", dirichletAlpha: 1 },
    tuning: { ...tunings.lora.defaults, ...common },
    training: { ...demo.training, localEpochs: 4, clientLearningRate: 0.015, weightDecay: 0 },
    strategy: fedPt.defaults,
    generation: { numAnswers: 0 },
  };
}
