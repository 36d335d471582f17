import { numAskedOf } from "../pacing/settings.ts";
import type { RunConditions } from "../settings/runConditions.ts";
import type { Stage, TaskKind } from "../task.ts";
import { isEvaluationDue } from "./evaluations.ts";
import type { AsJson, Evaluation, ExpectedStep, StrategyRun, StrategySummary } from "./strategy.ts";

/** A step of the run: which stage, round and step within the round, and what the devices do in it. */
export type Position = {
  readonly stage: Stage;
  readonly round: number;
  readonly step: number;
  readonly kind: TaskKind;
  readonly isDone: boolean;
};

/** Where the train stage starts, and with it most runs. */
export const firstTrainStep: Position = { stage: "train", round: 1, step: 1, kind: "train", isDone: false };

/** Where a round of the train stage starts. */
export function startOfRound(round: number): Position {
  return { ...firstTrainStep, round };
}

/** A strategy's course: where it starts, how it goes on, and what its devices do there after a number of evaluations. */
export interface Course {
  readonly first: Position;
  next(position: Position): Position;
  at(position: Position, numEvaluations: number): Pick<ExpectedStep, "spec" | "numDevices" | "isFineTuning">;
}

/** The steps of a course, in order. */
export function scheduleOf({ first, next, at }: Course): ExpectedStep[] {
  const steps: ExpectedStep[] = [];
  let numEvaluations = 0;
  for (let position = first; !position.isDone; position = next(position)) {
    const { stage, round, step, kind } = position;
    steps.push({ stage, round, step, ...at(position, numEvaluations) });
    if (kind === "evaluate") numEvaluations += 1;
  }
  return steps;
}

/** Devices that a step is planned for when all of them are there. */
export function expectedDevices(run: RunConditions, who: "cohort" | "all"): number {
  return who === "cohort" ? Math.min(numAskedOf(run), run.numDevices) : run.numDevices;
}

/** The training round whose server step was the latest; the first before there is one. */
export function latestTrainRound({ stage, round, step, kind, isDone }: Position): number {
  if (stage !== "train") return 1;
  const isOpen = kind === "train" && step === firstTrainStep.step && !isDone;
  return isOpen ? Math.max(1, round - 1) : round;
}

/** The step after a train or evaluate step of the train stage. */
export function nextTrainPosition(position: Position, run: RunConditions): Position {
  if (position.kind === "train" && isEvaluationDue(run, position.round)) return { ...position, step: 2, kind: "evaluate" };
  if (position.round >= run.numRounds) return { ...position, isDone: true };
  return startOfRound(position.round + 1);
}

/** How far a run is whose strategy neither scores nor counts layers, with what it says of those that are sent. */
export function summaryOf(
  values: { readonly run: StrategyRun; readonly position: Position; readonly evaluations: readonly AsJson<Evaluation>[] },
  sent: Pick<StrategySummary, "keepFraction" | "selectedLayers" | "sharedNames" | "serverLearningRate">,
): StrategySummary {
  const { run, position, evaluations } = values;
  const { stage, round, step, isDone } = position;
  return { stage, round, step, isDone, numRounds: run.numRounds, evaluations, layerScores: null, probes: [], ...sent };
}
