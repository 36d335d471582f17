import { type FedPtSettings, fedPt, presets, type RunSettings, strategies, tunings } from "@tutti/core";
import { findTask, requireTextTask } from "@tutti/data";

/** What can be chosen of FedPT's demo. */
export interface FedPtChoice {
  readonly devices?: number | undefined;
  readonly rounds?: number | undefined;
  readonly seed?: number | undefined;
  /** A reply or continuation task; the built-in replies by default. */
  readonly task?: string | undefined;
  /** The small model. */
  readonly backbone?: string | undefined;
  readonly alpha?: number | undefined;
}

/** A run of FedPT. */
export type FedPtRun = RunSettings & { readonly strategy: FedPtSettings };

/** FedPT on the built-in pair: the small model etude in the tabs, the large model concerto at the server. */
export function fedPtSettings({ devices = 8, rounds = 5, seed, task = "replies", backbone, alpha }: FedPtChoice): FedPtRun {
  const { demo } = presets;
  const common = { promptDropout: 0, positionsAfterPrefix: false, head: "labelWords", lossOver: "labelWords" } as const;
  return {
    ...demo,
    backbone: backbone ?? "etude",
    task,
    numDevices: devices,
    minDevices: Math.min(4, devices),
    cohortSize: Math.min(4, devices),
    numRounds: rounds,
    evaluateEvery: rounds,
    evaluateZeroShot: false,
    seed: seed ?? demo.seed,
    deadlineMs: null,
    quorum: 1,
    partition: partitionOf(task, alpha),
    tuning: { ...tunings.lora.defaults, ...common },
    training: { ...demo.training, localEpochs: 4, clientLearningRate: 0.015, weightDecay: 0 },
    strategy: fedPt.defaults,
    generation: { numAnswers: 0 },
  };
}

/** The same devices, rows and rounds, and a server that only averages the small model. */
export function withoutDistillation(run: FedPtRun): FedPtRun {
  return { ...run, strategy: { ...run.strategy, distillSteps: 0 } };
}

/** The large model in the tabs: federated averaging of its LoRA. Nothing is public, so the devices get the rows that FedPT's server reads too. */
export function largeFederated(run: FedPtRun): RunSettings {
  return { ...run, backbone: run.strategy.large, strategy: strategies.fedAvg.defaults };
}

/** By what the texts are about where the task says that. */
function partitionOf(name: string, alpha: number | undefined): RunSettings["partition"] {
  const hasGroups = requireTextTask(findTask(name), "FedPT's demo").groups.length > 0;
  return hasGroups || alpha !== undefined ? { kind: "dirichletLabel", dirichletAlpha: alpha ?? 1 } : { kind: "iid" };
}
