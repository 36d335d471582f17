import { type ExpectedStep, findExpected } from "@tutti/core";
import { type LiveRound, type LiveStep, limits, liveLimits, type Traffic } from "@tutti/protocol";
import { historyPoint, type StepRecord } from "@tutti/record";

/** Rounds that grow with the records of closed steps. */
export interface LiveRounds {
  /** Takes in the records that are new; the rounds that changed with them. */
  update(records: readonly StepRecord[]): readonly LiveRound[];
  /** The latest, oldest first. */
  all(): readonly LiveRound[];
}

/** What rounds are made of beside records. */
export interface RoundSources {
  readonly schedule: readonly ExpectedStep[];
  /** Of everything that is trained, in f32. */
  readonly allLayersBytes: number;
}

const nothing: Traffic = { up: 0, down: 0 };

/** Rounds of which every number is a record's: a coordinator that starts again shows the same. */
export function createLiveRounds({ schedule, allLayersBytes }: RoundSources): LiveRounds {
  const find = findExpected(schedule);
  const rounds = new Map<string, LiveRound>();
  let numTaken = 0;

  function take(record: StepRecord): string {
    const key = `${record.stage}/${record.round}`;
    const isForAll = record.stage === "train" && record.kind === "train" && find(record)?.isFineTuning !== true;
    const { counted, cohort } = record;
    const allLayers = isForAll ? { up: allLayersBytes * counted.length, down: allLayersBytes * cohort.length } : nothing;
    rounds.set(key, withStep(rounds.get(key) ?? emptyRound(record), record, allLayers));
    return key;
  }

  return {
    update(records) {
      const changed = new Set(records.slice(numTaken).map(take));
      numTaken = records.length;
      for (const key of rounds.keys()) {
        if (rounds.size <= liveLimits.maxRounds) break;
        rounds.delete(key);
      }
      return [...changed].flatMap((key) => rounds.get(key) ?? []);
    },
    all: () => [...rounds.values()],
  };
}

function emptyRound({ stage, round }: StepRecord): LiveRound {
  return { stage, round, steps: [], trainLoss: null, evaluations: [], bytes: nothing, evaluationBytes: nothing, allLayersF32: nothing };
}

function withStep(round: LiveRound, record: StepRecord, allLayers: Traffic): LiveRound {
  const { trainLoss, evaluations } = historyPoint(record);
  const step = describeStep(record);
  const isEvaluation = record.kind === "evaluate";
  return {
    ...round,
    steps: [...round.steps, step].slice(-liveLimits.maxSteps),
    trainLoss: trainLoss ?? round.trainLoss,
    evaluations: [...round.evaluations, ...evaluations].slice(-limits.maxEvaluationResults),
    bytes: isEvaluation ? round.bytes : sum(round.bytes, step.bytes),
    evaluationBytes: isEvaluation ? sum(round.evaluationBytes, step.bytes) : round.evaluationBytes,
    allLayersF32: sum(round.allLayersF32, allLayers),
    ...(record.scores === undefined ? {} : { scores: record.scores }),
    ...(record.movement === undefined ? {} : { movement: record.movement }),
  };
}

function describeStep({ step, attempt, kind, cohort, counted, seconds, bytesUp, bytesDown }: StepRecord): LiveStep {
  return {
    step,
    attempt,
    kind,
    numAsked: cohort.length,
    numCounted: counted.length,
    asked: cohort.slice(0, liveLimits.maxListed),
    counted: counted.slice(0, liveLimits.maxListed),
    seconds,
    bytes: { up: Math.max(0, Math.round(bytesUp)), down: Math.max(0, Math.round(bytesDown)) },
  };
}

function sum(a: Traffic, b: Traffic): Traffic {
  return { up: a.up + b.up, down: a.down + b.down };
}
