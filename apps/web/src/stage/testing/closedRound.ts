import type { EvaluationPoint, LiveRound } from "@tutti/protocol";

/** A closed round of the train stage, whose numbers tell each other apart. */
export function closedRound(round: number, changes: Partial<LiveRound> = {}): LiveRound {
  const bytes = { up: 70, down: 50 };
  const step = {
    step: 1,
    attempt: 1,
    kind: "train",
    numAsked: 3,
    numCounted: 2,
    asked: [4, 1, 7],
    counted: [1, 7],
    seconds: 2.5,
    bytes,
  } as const;
  return {
    stage: "train",
    round,
    steps: [step],
    trainLoss: 0.9,
    evaluations: [],
    bytes,
    evaluationBytes: { up: 11, down: 13 },
    allLayersF32: { up: 400, down: 800 },
    movement: { update: 4, drift: 2.5, layers: [null, 0.5, 1.5], control: 7 },
    ...changes,
  };
}

/** An evaluation of 90 texts. */
export function evaluation(
  protocol: EvaluationPoint["protocol"],
  accuracy: number,
  changes: Partial<EvaluationPoint> = {},
): EvaluationPoint {
  return { protocol, split: "test", accuracy, macroF1: accuracy, loss: 1 - accuracy, numExamples: 90, ...changes };
}
