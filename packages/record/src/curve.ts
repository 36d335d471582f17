import { accuracy, type ClassificationResult, type Confusion, type Evaluation, macroF1, measure, numCounted } from "@tutti/core";
import type { RunPoint, RunRecord, RunScores } from "./runRecord.ts";
import { spreadOf } from "./spread.ts";
import type { StepRecord } from "./stepRecord.ts";

type Cost = Pick<RunPoint, "seconds" | "bytesUp" | "bytesDown" | "round" | "coverage">;

/** One point per protocol and split of every evaluation; of evaluations only the downloads cost something that later steps needed too. */
export function curveOf(steps: readonly StepRecord[], evaluations: readonly Evaluation[], metric: RunRecord["metric"]): RunPoint[] {
  const cost = { seconds: 0, bytesUp: 0, bytesDown: 0 };
  const waiting = [...evaluations];
  return steps.flatMap((step) => {
    if (step.kind !== "evaluate") {
      cost.seconds += step.seconds;
      cost.bytesUp += step.bytesUp + (step.fetchedBefore?.up ?? 0);
      cost.bytesDown += step.bytesDown + (step.fetchedBefore?.down ?? 0);
      return [];
    }
    const evaluation = waiting.shift();
    if (evaluation === undefined || evaluation.round !== step.round) throw new Error(`round ${step.round}: its evaluation is not recorded`);
    const at = { ...cost, round: step.stage === "train" ? step.round : 0, coverage: evaluation.coverage };
    return evaluation.results.flatMap((result) => ("text" in result ? [] : pointOf(result, step, metric, at)));
  });
}

function pointOf(
  { protocol, split, confusion, lossSum }: ClassificationResult,
  step: StepRecord,
  metric: RunRecord["metric"],
  at: Cost,
): RunPoint[] {
  const scores = scoresOf(confusion, lossSum, metric);
  if (scores === null) return [];
  const spread = spreadOf(step.evaluations.find((record) => record.protocol === protocol && record.split === split) ?? {});
  return [{ ...at, protocol, split, ...scores, ...(spread === undefined ? {} : { spread }) }];
}

function scoresOf(confusion: Confusion, lossSum: number, metric: RunRecord["metric"]): RunScores | null {
  const [score, share, f1] = [measure(metric, confusion), accuracy(confusion), macroF1(confusion)];
  return score === null || share === null || f1 === null
    ? null
    : { score, accuracy: share, macroF1: f1, loss: lossSum / numCounted(confusion), numTexts: numCounted(confusion) };
}

/** The point that was best on the validation split under the global protocol; the earliest of equals. The test split is not looked at. */
export function bestOnValidation(curve: readonly RunPoint[]): RunPoint | null {
  let best: RunPoint | null = null;
  for (const point of curve) {
    if (point.round === 0 || point.protocol !== "global" || point.split !== "validation") continue;
    if (best === null || point.score > best.score) best = point;
  }
  return best;
}

/** The last scores of every protocol on the test split in Stage C, up to a round where one is given; the zero-shot control is no way of evaluating. */
export function testScores(curve: readonly RunPoint[], round: number | null): RunRecord["final"] {
  const points = curve.filter(
    (point) => point.split === "test" && point.protocol !== "zeroShot" && (round === null ? point.round > 0 : point.round === round),
  );
  return Object.fromEntries(points.map(({ protocol, ...point }) => [protocol, scoresAlone(point)]));
}

function scoresAlone({ score, accuracy: share, macroF1: f1, loss, numTexts = 0, spread }: Omit<RunPoint, "protocol">): RunScores {
  return { score, accuracy: share, macroF1: f1, loss, numTexts, ...(spread === undefined ? {} : { spread }) };
}
