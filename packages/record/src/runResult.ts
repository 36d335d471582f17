import { breakEvenRound } from "./breakEven.ts";
import type { DeviceSpread, RunRecord, RunScores } from "./runRecord.ts";

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

/** A run in the numbers that most programs want; `tutti demo --json FILE` writes it. */
export interface RunResult {
  readonly task: string;
  readonly backend: string;
  readonly threads: number | null;
  readonly rounds: number;
  readonly seconds: RunRecord["seconds"];
  /** Of classification; nulls where answers are texts, as with `f1`. */
  readonly accuracy: Scores;
  /** Macro F1. */
  readonly f1: Scores;
  /** What the main score is, and the scores. */
  readonly metric: RunRecord["metric"];
  readonly score: Scores;
  /** How far devices lie apart after the last round; null where none was measured by itself. */
  readonly spread: DeviceSpread | null;
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
  readonly numTabs: number | null;
  readonly seed: number;
  /** SHA-256 of the name-ordered f32 of W and of every device's local layers; null while the run goes. */
  readonly parametersSha256: string | null;
}

type Measure = "score" | "accuracy" | "macroF1" | "numTexts";

/** One measure of a record's scores: after the last round, in the round chosen on validation, and of the controls. */
export function scoresIn({ final, best, controls, curve }: RunRecord, measure: Measure): Scores {
  const of = (scores: Partial<RunScores> | null | undefined) => scores?.[measure] ?? null;
  return {
    global: of(final.global),
    personalised: of(final.personalised),
    newcomer: of(final.newcomer),
    globalBest: of(best?.scores.global),
    majority: measure === "score" ? controls.majority : (controls.majorityScores?.[measure] ?? null),
    zeroShot: of(curve.find(({ protocol, split }) => protocol === "zeroShot" && split === "test")),
  };
}

/** Devices of a run: in an open roster those whose work was counted, where the steps are on record, since nobody knows before how many will join. */
export function numDevicesOf({ settings, steps }: Pick<RunRecord, "settings" | "steps">): number {
  if (settings.roster !== "open" || steps === undefined) return settings.numDevices;
  return new Set(steps.flatMap(({ counted }) => counted)).size;
}

/** A record in the numbers that most programs want. */
export function resultOf(record: RunRecord): RunResult {
  const { bytes, uploads = [], traffic, final } = record;
  const total = (way: "up" | "down") =>
    traffic === undefined ? bytes[way] : Math.round(Object.values(traffic).reduce((sum, wire) => sum + wire[way], 0));
  return {
    task: record.task,
    backend: record.backend,
    threads: record.threads ?? null,
    rounds: uploads.length,
    seconds: record.seconds,
    accuracy: scoresIn(record, "accuracy"),
    f1: scoresIn(record, "macroF1"),
    metric: record.metric,
    score: scoresIn(record, "score"),
    spread: final.personalised?.spread ?? null,
    layerScores: record.layerScores,
    selectedLayers: record.selectedLayers,
    keepFraction: record.keepFraction ?? 1,
    bytes: {
      up: total("up"),
      down: total("down"),
      evaluation: bytes.evaluation,
      stagesAB: bytes.stagesAB,
      upAllLayersF32: bytes.allLayersF32?.up ?? 0,
      downAllLayersF32: bytes.allLayersF32?.down ?? 0,
    },
    breakEvenRound: breakEvenRound(bytes.stagesAB, uploads),
    numDevices: numDevicesOf(record),
    numTabs: record.numClients ?? null,
    seed: record.seed,
    parametersSha256: record.parametersSha256 ?? null,
  };
}
