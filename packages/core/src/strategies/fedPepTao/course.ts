import { readsStates } from "../../selection/layerScores.ts";
import type { RunConditions } from "../../settings/runConditions.ts";
import type { Stage } from "../../task.ts";
import { firstTrainStep, nextTrainPosition, type Position } from "../course.ts";
import type { FedPepTaoSettings } from "./settings.ts";

/** Where FedPepTAO starts: Stages A and B are left out as far as nothing they find is used. */
export function firstPosition(settings: FedPepTaoSettings): Position {
  if (readsStates(settings.selector)) return { stage: "score", round: 1, step: 1, kind: "score", isDone: false };
  return afterScoring(settings);
}

/** The step after `position`. */
export function nextPosition(position: Position, run: RunConditions, settings: FedPepTaoSettings): Position {
  if (position.kind === "score") return afterScoring(settings);
  if (position.stage === "train") return nextTrainPosition(position, run);
  if (position.kind === "probe") return firstTrainStep;
  if (position.round < settings.countingRounds) return { ...position, round: position.round + 1 };
  return needsProbe(settings) ? { ...position, step: 2, kind: "probe" } : firstTrainStep;
}

/** Rounds of a stage. */
export function numRoundsOf(stage: Stage, run: RunConditions, settings: FedPepTaoSettings): number {
  if (stage === "train") return run.numRounds;
  return stage === "count" ? Math.max(1, settings.countingRounds) : 1;
}

function needsProbe(settings: FedPepTaoSettings): boolean {
  return settings.keepFraction === "auto" && settings.selector !== "all";
}

function afterScoring(settings: FedPepTaoSettings): Position {
  const usesCounting = needsProbe(settings) || settings.initialPrompts === "counting";
  const first: Position = { stage: "count", round: 1, step: 1, kind: "train", isDone: false };
  if (settings.countingRounds > 0 && usesCounting) return first;
  return needsProbe(settings) ? { ...first, kind: "probe" } : firstTrainStep;
}
