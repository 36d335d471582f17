import { createStrategy, isModule, type Params, type RoundPlan, type RunSettings, roundTrip } from "@tutti/core";
import type { RunRecord } from "@tutti/record";
import type { RunOutcome } from "@tutti/server";
import type { RunOrder } from "../experiment/plannedRun.ts";
import { evaluatedParams, keptParams, pooledParams } from "./finalParams.ts";
import type { Replay, RoundScores, Workbench } from "./workbench.ts";

/** What a run left for the workbench. */
export interface RunRemains {
  readonly outcome: RunOutcome;
  /** Null where an earlier process planned it. */
  readonly lastEvaluation: RoundPlan | null;
  /** Every trained parameter of a newcomer by evaluated round, as far as this process planned the rounds. */
  readonly newcomers: ReadonlyMap<number, Params>;
  readonly reportedAccuracy: number | null;
  /** By the run's metric. */
  readonly reportedScore: number | null;
  readonly backend: string;
}

/** What the workbench finds when a run is over, at no cost to the run; where it fails the result says so. */
export async function measureBeside(
  planned: RunOrder,
  workbench: Workbench,
  remains: RunRemains,
): Promise<Replay & Pick<RunRecord, "layerScoresByRound">> {
  const replay = await replayed(planned, workbench, remains);
  if (!scoresLayers(planned.settings)) return replay;
  try {
    return { ...replay, layerScoresByRound: await scoredAgain(planned.settings, workbench, remains) };
  } catch (error) {
    const note = `the layers were not scored again: ${messageOf(error)}`;
    return { ...replay, layerScoresByRound: [], correctNote: replay.correctNote === null ? note : `${replay.correctNote}; ${note}` };
  }
}

/** Whether a run begins with a Stage A that can be done again beside it: the workbench is another process, which loads no modules. */
export function scoresLayers(run: RunSettings): boolean {
  if (isModule(run.strategy)) return false;
  return createStrategy(run)
    .schedule(run)
    .some(({ spec }) => spec.kind === "score");
}

/** Whether a run's parameters follow from a pool of seeds. */
function perturbs(run: RunSettings): boolean {
  if (isModule(run.strategy)) return false;
  return createStrategy(run)
    .schedule(run)
    .some(({ spec }) => spec.kind === "perturb");
}

async function replayed({ settings, metric, trigger }: RunOrder, workbench: Workbench, remains: RunRemains): Promise<Replay> {
  const { outcome, lastEvaluation, reportedAccuracy, reportedScore, backend } = remains;
  const sent = () => (lastEvaluation === null ? keptParams(outcome) : evaluatedParams(lastEvaluation, outcome.deviceStates));
  const paramsOf = perturbs(settings) ? pooledParams(outcome) : sent();
  try {
    return await workbench.do("replay", { run: settings, metric, backend, paramsOf, reportedAccuracy, reportedScore, trigger });
  } catch (error) {
    return { correct: null, answers: null, majority: null, zeroShot: null, correctNote: `the replay failed: ${messageOf(error)}` };
  }
}

async function scoredAgain(
  run: RunSettings,
  workbench: Workbench,
  { outcome, newcomers }: Pick<RunRemains, "outcome" | "newcomers">,
): Promise<readonly RoundScores[]> {
  const stageA = outcome.steps.find(({ kind }) => kind === "score");
  if (stageA === undefined) throw new Error("the run has no record of Stage A");
  // an earlier process may have planned the last evaluation; what a newcomer gets now is what it got then
  const last = newcomers.get(run.numRounds) ?? roundTrip(outcome.newcomerParams, run.paramsEncoding);
  const paramsByRound = new Map([...newcomers, [run.numRounds, last]]);
  return workbench.do("scoreLayersAgain", { run, attempt: stageA.attempt, devices: stageA.counted, paramsByRound });
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
