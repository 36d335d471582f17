import type { RunSettings, SpectrumProbe } from "@tutti/core";
import type { RoundUploads } from "./breakEven.ts";
import type { StepRecord } from "./stepRecord.ts";
import type { TrafficTotals } from "./traffic.ts";

/** One number for each way of evaluating, and for the two controls; null where it was not measured. */
export interface Scores {
  readonly global: number | null;
  readonly personalised: number | null;
  readonly newcomer: number | null;
  /** Test score at the round with the highest score on the validation split. */
  readonly globalBest: number | null;
  /** Always the commonest class of the training data. */
  readonly majority: number | null;
  /** The backbone with no prompts and label words. */
  readonly zeroShot: number | null;
}

/** What `tutti demo --json FILE` writes: the outcome of one run. */
export interface RunResult {
  readonly task: string;
  readonly backend: string;
  readonly threads: number;
  readonly rounds: number;
  readonly seconds: {
    readonly scoring: number;
    readonly counting: number;
    readonly training: number;
    readonly evaluation: number;
    readonly total: number;
  };
  readonly accuracy: Scores;
  /** Macro F1. */
  readonly f1: Scores;
  /** One entry per layer, null where not scored. */
  readonly layerScores: readonly (number | null)[];
  readonly selectedLayers: readonly number[];
  readonly keepFraction: number;
  readonly bytes: {
    /** Everything on the wire, from the devices. */
    readonly up: number;
    /** Everything on the wire, to the devices. */
    readonly down: number;
    readonly evaluation: number;
    readonly stagesAB: number;
    /** All layers in f32, same cohorts, Stage C rounds only. */
    readonly upAllLayersF32: number;
    readonly downAllLayersF32: number;
  };
  /** Round of Stage C at which the smaller uploads have paid for Stages A and B; null when not within the run. */
  readonly breakEvenRound: number | null;
  readonly numDevices: number;
  readonly numTabs: number;
  readonly seed: number;
  /** SHA-256 of the name-ordered f32 of W and of every device's local layers. */
  readonly parametersSha256: string;
}

/** Everything a report shows; `results.json` in the run folder. */
export interface RunReport {
  readonly runId: string;
  readonly settings: RunSettings;
  /** Processor, cores, system. */
  readonly machine: string;
  /** Which backend all tabs used, and why. */
  readonly backendReason: string;
  readonly result: RunResult;
  /** Texts that each of the result's scores is of. */
  readonly texts: Scores;
  readonly steps: readonly StepRecord[];
  readonly traffic: TrafficTotals;
  /** What the probes saw of the loss's curvature. */
  readonly spectra: readonly SpectrumProbe[];
  /** Upload bytes of each Stage C round beside all layers in the same encoding. */
  readonly uploads: readonly RoundUploads[];
  /** Sentences for the reader, such as how shares were dealt. */
  readonly notes: readonly string[];
}
