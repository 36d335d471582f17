import { type ClientProfile, type RunSettings, strategies, tunings } from "@tutti/core";

/** A federated system that the demo shows instead of FedPepTAO. */
export interface DemoSystem {
  /** In the demo's settings. */
  readonly devices: number;
  readonly rounds: number;
  /** What of the preset's settings is another. */
  settings(base: RunSettings, chosen: { readonly alpha?: number | undefined }): RunSettings;
  /** Machines that its clients simulate unless a file names others. */
  readonly fleet?: readonly ClientProfile[];
}

/** Unlike in rate, memory and link; the last two have slow links and get lower ranks, the third little memory and gets smaller batches. */
const fourUnlike: readonly ClientProfile[] = [
  { flopsPerSecond: 20e9, memoryBytes: 1e9, bytesPerSecond: 10e6 },
  { flopsPerSecond: 12e9, memoryBytes: 100e6, bytesPerSecond: 200e3 },
  { flopsPerSecond: 10e9, memoryBytes: 18e6, bytesPerSecond: 100e3 },
  { flopsPerSecond: 9e9, memoryBytes: 100e6, bytesPerSecond: 80e3 },
];

const fedpipe: DemoSystem = {
  devices: 4,
  rounds: 6,
  fleet: fourUnlike,
  settings: (base, { alpha }) => ({
    ...base,
    partition: alpha === undefined ? { kind: "iid" } : base.partition,
    cohortSize: base.numDevices,
    minDevices: base.numDevices,
    evaluateEvery: 2,
    deadlineMs: null,
    training: { ...base.training, localEpochs: 1, clientLearningRate: 0.003 },
    tuning: {
      ...tunings.lora.defaults,
      promptDropout: base.tuning.promptDropout,
      positionsAfterPrefix: base.tuning.positionsAfterPrefix,
      head: base.tuning.head,
      lossOver: base.tuning.lossOver,
      rank: 16,
      targets: ["q", "k", "v", "o"],
    },
    strategy: { ...strategies.fedPipe.defaults, bits: [16, 8, 4], ranks: [2, 4, 8, 16], roundSeconds: 6, downloadSeconds: 20 },
  }),
};

/** The systems of `tutti demo --system`, by name. */
export const demoSystems = { fedpipe } as const satisfies Readonly<Record<string, DemoSystem>>;

/** A system that the demo can show. */
export type DemoSystemName = keyof typeof demoSystems;
