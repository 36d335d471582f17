import type { ContributionBody, Params } from "@tutti/core";
import type {
  DeviceSource,
  DeviceState,
  StepProgress,
  Trainer,
  TrainerReady,
  TrainerResult,
  TrainerSetup,
  TrainerTask,
} from "@tutti/model";

/** What a fake trainer was asked, and the levers a test holds. */
export interface FakeTrainer extends Trainer {
  readonly setups: TrainerSetup[];
  readonly sources: { readonly deviceId: number; readonly source: DeviceSource }[];
  readonly computed: { readonly task: TrainerTask; readonly state: DeviceState | null }[];
  /** Performs a task; replaced by tests that need something special. */
  work: (task: TrainerTask, state: DeviceState | null, signal: AbortSignal | undefined) => Promise<TrainerResult>;
  isAdmitted: boolean;
  numStops: number;
}

const ready: TrainerReady = {
  backend: "cpu",
  threads: 1,
  reason: "cpu: it is a test",
  kernels: "plain",
  admission: { isPassed: true, worstError: 1e-6, detail: "" },
  shape: { numLayers: 2, layerNames: [["prefix/0"], ["prefix/1"]], alwaysShared: [] },
};

/** A tensor of shape (2, 1, 3), filled from one number. */
export function promptOf(start: number): Params[string] {
  return { shape: [2, 1, 3], data: Float32Array.from({ length: 6 }, (_, i) => start + i / 8) };
}

/** Trains by rule: the delta is 0.5 + i/8 per value, the local layer is the old one (or `initial`) plus 1, in 3 steps. */
export async function workByRule({ spec, parameterSets }: TrainerTask, state: DeviceState | null): Promise<TrainerResult> {
  if (spec.kind !== "train") return { body: { kind: "score", layerScores: [1.25, null] }, state };
  const before = state?.local["prefix/1"] ?? parameterSets.initial?.["prefix/1"] ?? promptOf(0);
  const local = { "prefix/1": { shape: before.shape, data: before.data.map((value) => value + 1) } };
  const body: ContributionBody = { kind: "train", delta: { "prefix/0": promptOf(0.5) }, numSteps: 3, firstLoss: 2.5, lastLoss: 1.5 };
  return { body, state: { local, moments: null, stageSteps: (state?.stageSteps ?? 0) + 3 } };
}

/** A Trainer that computes nothing and remembers everything. */
export function fakeTrainer(): FakeTrainer {
  const fake: FakeTrainer = {
    setups: [],
    sources: [],
    computed: [],
    work: workByRule,
    isAdmitted: true,
    numStops: 0,
    async start(setup, onProgress) {
      fake.setups.push(setup);
      onProgress({ phase: "backbone", doneBytes: 50, totalBytes: 100 });
      return fake.isAdmitted ? ready : { ...ready, admission: { isPassed: false, worstError: 0.5, detail: "loss 3 instead of 2" } };
    },
    async addDevice(deviceId, source) {
      fake.sources.push({ deviceId, source });
      return { numExamples: 10 + deviceId };
    },
    async compute(task, state, onStep, signal) {
      fake.computed.push({ task, state });
      onStep?.({ step: 1, numSteps: 3, loss: 2.5 } satisfies StepProgress);
      return fake.work(task, state, signal);
    },
    async stop() {
      fake.numStops++;
    },
  };
  return fake;
}

/** Something a test lets happen when it wants. */
export function createLever(): { readonly pulled: Promise<void>; pull(): void } {
  let pull: () => void = () => undefined;
  const pulled = new Promise<void>((resolve) => {
    pull = resolve;
  });
  return { pulled, pull };
}
