import type { LayerSelector, Metric, Protocol, RunSettings, Split } from "@tutti/core";
import type { RowAnswers } from "./statistics/bootstrap.ts";

/** One way of evaluating on one split, at one moment of a run. */
export interface LabScores {
  /** The task's metric. */
  readonly score: number;
  readonly accuracy: number;
  readonly macroF1: number;
  /** Mean loss per example. */
  readonly loss: number;
  /** Texts that were answered; absent in results from before it was kept. */
  readonly numTexts?: number;
}

/** A point of a run's curves: what was measured after a round of Stage C, and what it had cost by then. */
export interface LabPoint extends LabScores {
  /** Of Stage C, from 1; 0 for what was measured before its first round. */
  readonly round: number;
  /** Of coordinator uptime in all steps so far but evaluations; Stages A and B are included. */
  readonly seconds: number;
  /** On the wire in all steps so far but evaluations; Stages A and B are included. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly protocol: Protocol;
  readonly split: Split;
  /** Devices that answered / N. */
  readonly coverage: number;
}

/** Ritz values of one device's Hessian and their weights. */
export interface LabSpectrum {
  readonly deviceId: number;
  readonly ritzValues: readonly number[];
  readonly ritzWeights: readonly number[];
}

/** What goes wrong on purpose in a run, drawn from a seed; each but the seed is a probability per task or message. */
export interface FaultPlan {
  readonly seed: number;
  /** A client loses its connection when a task reaches it. */
  readonly drop: number;
  /** A contribution is held back before it is sent. */
  readonly slow: number;
  /** A contribution is sent twice. */
  readonly duplicate: number;
  /** A contribution waits for the client's next one, or for a moment where there is none. */
  readonly reorder: number;
  /** A byte of a contribution is changed on a first sending, which the coordinator must refuse or bound. */
  readonly corrupt: number;
  /** The tab is loaded again, or the process started again, in the middle of a task. */
  readonly reload: number;
}

/** How many faults of each kind a run went through. */
export type FaultCounts = Readonly<Record<Exclude<keyof FaultPlan, "seed">, number>>;

/** The rates that were tried for a method, and which one validation chose. */
export interface RateChoice {
  /** `<method>/<task>/<variant>`: what the choice holds for. */
  readonly key: string;
  readonly method: string;
  readonly task: string;
  /** The seed on which it was made. */
  readonly seed: number;
  readonly tried: readonly { readonly clientLearningRate: number; readonly runId: string; readonly validation: number | null }[];
  /** Null when no run of the grid finished. */
  readonly chosen: number | null;
}

/** How the cores were used while a run trained. */
export interface LabUsage {
  /**
   * Processor time of the tabs, or of the client processes, over the run's cores × wall time of the train steps, less what programs other than
   * the lab took; null where it cannot be read.
   */
  readonly clientsFraction: number | null;
  /** Share of the wall time between the first task and the last that lies between a step's last contribution and the next step's tasks. */
  readonly orchestrationFraction: number | null;
}

/** One federated run of an experiment; `OUT/runs/<id>/result.json`. */
export interface LabRun {
  /** Hash of all that decides its numbers but the backend. */
  readonly id: string;
  /** A name of core's `methods`, or `settings` where the file's own settings are used as they are. */
  readonly method: string;
  readonly methodTitle: string;
  /** What the experiment varies, by the name of the axis: selector, alpha, keepFraction, numDevices … */
  readonly variant: Readonly<Record<string, string | number | boolean>>;
  /** Whether this run only served to choose a rate: no table shows it, and it is not the chosen one. */
  readonly isRateTrial: boolean;
  readonly task: string;
  readonly metric: Metric;
  readonly seed: number;
  readonly settings: RunSettings;
  /** What the clients computed on, such as `wasm`. */
  readonly backend: string;
  readonly clients: "tabs" | "node";
  readonly seconds: {
    readonly scoring: number;
    readonly counting: number;
    readonly training: number;
    readonly evaluation: number;
    /** From the coordinator's start to the run's end, loading included. */
    readonly total: number;
  };
  readonly bytes: {
    /** From the devices in Stages A, B and C; what evaluations take is apart, and pages, backbone, data and kept device states are left out. */
    readonly up: number;
    readonly down: number;
    /** Of that in Stages A and B, both ways together. */
    readonly stagesAB: number;
    /** Both ways together. */
    readonly evaluation: number;
  };
  readonly curve: readonly LabPoint[];
  /** After the last round, on the test split. */
  readonly final: Readonly<Partial<Record<Protocol, LabScores>>>;
  /** On the test split after the round with the highest score on the validation split by the task's metric (global protocol); null where there is none. */
  readonly best: { readonly round: number; readonly scores: Readonly<Partial<Record<Protocol, LabScores>>> } | null;
  /** Score on the validation split in that round; what rates are chosen by. */
  readonly bestValidation: number | null;
  /** The task's metric of always answering the commonest training class, and of the backbone with label words and no prompts. */
  readonly controls: { readonly majority: number | null; readonly zeroShot: number | null };
  /** One per layer, null where a layer was not scored; empty where there was no Stage A. */
  readonly layerScores: readonly (number | null)[];
  /**
   * What Stage A would find with the parameters that a newcomer had at each evaluated round of Stage C, measured beside the run; round 0 is
   * `layerScores`. Rounds that a run which was interrupted no longer knows are missing; where nothing could be measured, `correctNote` says why.
   */
  readonly layerScoresByRound?: readonly { readonly round: number; readonly scores: readonly (number | null)[] }[];
  readonly selector: LayerSelector | null;
  readonly selectedLayers: readonly number[];
  readonly keepFraction: number | null;
  readonly spectra: readonly LabSpectrum[];
  /**
   * "1" or "0" for every row of the test split in file order: whether the final parameters answer it rightly under the global protocol. Its mean is
   * the reported global accuracy. Null where the replay was not possible, for the reason in `correctNote`.
   */
  readonly correct: string | null;
  /** The same rows as classes, for metrics that right and wrong do not make up; null like `correct`, absent in results from before it was kept. */
  readonly answers?: RowAnswers | null;
  readonly correctNote: string | null;
  /** The plan that was injected, and what came of it. */
  readonly faults: { readonly plan: FaultPlan; readonly counts: FaultCounts } | null;
  readonly usage: LabUsage;
  /** Of the checkout that made the run, with `+` and a hash of what differs where files do; null without git, absent in results from before it was kept. */
  readonly commit?: string | null;
  /** The machine that made the run; absent like `commit`. */
  readonly machine?: string;
  /** Why the run did not finish; its scores are then those it had. */
  readonly error: string | null;
}

/** The rows of a task that an experiment used. */
export interface TaskData {
  readonly task: string;
  readonly numTrain: number;
  readonly numValidation: number;
  readonly numTest: number;
  /** How they came about, in sentences. */
  readonly notes: readonly string[];
  /** Hash of the files of a set that was added; null for one that comes with the project, absent in results from before it was kept. */
  readonly rows?: string | null;
}

/** What is on record of a source prompt that runs of ATTEMPT used. */
export interface SourceRecord {
  readonly name: string;
  readonly backbone: string;
  readonly tokens: number;
  /** The task whose training part it was trained on. */
  readonly task: string;
  readonly numExamples: number;
  readonly numSteps: number;
  readonly learningRate: number;
  /** Accuracy on the source's own validation rows before the first step and after the last; null where it was not measured. */
  readonly validation: { readonly numExamples: number; readonly before: number; readonly after: number } | null;
  /** Of its file. */
  readonly sha256: string;
}

/** All that an experiment came to; `OUT/results.json`. */
export interface ExperimentResult {
  /** The file's name without ending. */
  readonly name: string;
  readonly title: string;
  /** The built-in experiment it is, or null for a file of one's own. */
  readonly preset: string | null;
  /** The command that made it, from the project's folder; absent in results from before it was kept. */
  readonly command?: string;
  /** What the experiment asks. */
  readonly question: string;
  /** Of the checkout, with `+` and a hash of what differs where files do; null without git. */
  readonly commit: string | null;
  /** Processor, cores, system. */
  readonly machine: string;
  /** ISO date and time. */
  readonly startedAt: string;
  /** The parsed file, defaults filled in. */
  readonly experiment: Readonly<Record<string, unknown>>;
  /** Sentences for the reader. */
  readonly notes: readonly string[];
  readonly data: readonly TaskData[];
  /** The source prompts of runs of ATTEMPT; absent in results from before they were kept. */
  readonly sources?: readonly SourceRecord[];
  readonly rates: readonly RateChoice[];
  /** In the order of the experiment. */
  readonly runs: readonly LabRun[];
}
