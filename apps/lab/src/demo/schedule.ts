import type { RunSettings, Stage, TaskKind } from "@tutti/core";

/** A step that a run is expected to take. */
export interface ExpectedStep {
  readonly stage: Stage;
  readonly round: number;
  /** Within the round, from 1. */
  readonly step: number;
  readonly kind: TaskKind;
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** The steps of a whole run, in order; only for the display, the strategy decides what really happens. */
export function expectedSteps(settings: RunSettings): ExpectedStep[] {
  const { strategy, numRounds, evaluateEvery } = settings;
  const steps: ExpectedStep[] = [];
  if (strategy.name === "fedPepTao") {
    if (["score", "naswot", "l1", "l2"].includes(strategy.selector)) steps.push({ stage: "score", round: 1, step: 1, kind: "score" });
    for (const round of numbers(strategy.countingRounds)) steps.push({ stage: "count", round, step: 1, kind: "train" });
    if (strategy.keepFraction === "auto")
      steps.push({ stage: "count", round: Math.max(1, strategy.countingRounds), step: 2, kind: "probe" });
  }
  for (const round of numbers(numRounds)) {
    const isFineTuned = round === numRounds && strategy.name === "fedAvg" && strategy.fineTuneEpochs > 0;
    steps.push({ stage: "train", round, step: 1, kind: "train" });
    if (isFineTuned) steps.push({ stage: "train", round, step: 2, kind: "train" });
    if (round % evaluateEvery === 0 || round === numRounds)
      steps.push({ stage: "train", round, step: isFineTuned ? 3 : 2, kind: "evaluate" });
  }
  return steps;
}

/** The expected steps that are not among the done ones. */
export function remainingSteps(settings: RunSettings, done: readonly ExpectedStep[]): ExpectedStep[] {
  const key = ({ stage, round, step, kind }: ExpectedStep) => `${stage} ${round}.${step} ${kind}`;
  const keys = new Set(done.map(key));
  return expectedSteps(settings).filter((step) => !keys.has(key(step)));
}
