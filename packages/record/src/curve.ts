import {
  accuracy,
  type ClassificationResult,
  type Evaluation,
  isTextMetric,
  type MainMetric,
  macroF1,
  measure,
  measureText,
  metricOnSplit,
  needsAnswers,
  numCounted,
  type TextResult,
} from "@tutti/core";
import type { RunPoint, RunRecord, RunScores } from "./runRecord.ts";
import { spreadOf, spreadOfTexts } from "./spread.ts";
import type { StepRecord } from "./stepRecord.ts";
import { measureTexts } from "./textRecord.ts";

/** One point per protocol and split of every evaluation; of evaluations only the downloads cost something that later steps needed too. */
export function curveOf(steps: readonly StepRecord[], evaluations: readonly Evaluation[], metric: MainMetric): RunPoint[] {
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
    return evaluation.results.flatMap((result) => {
      const scores = "text" in result ? textScoresOf(result, step, metric) : classScoresOf(result, step, metric);
      return scores === null ? [] : [{ ...at, protocol: result.protocol, split: result.split, ...scores }];
    });
  });
}

/** Null without examples, and where the metric is of texts. */
function classScoresOf(
  { protocol, split, confusion, lossSum }: ClassificationResult,
  step: StepRecord,
  metric: MainMetric,
): RunScores | null {
  const [share, f1] = [accuracy(confusion), macroF1(confusion)];
  const score = isTextMetric(metric) ? null : measure(metric, confusion);
  if (score === null || share === null || f1 === null) return null;
  const numTexts = numCounted(confusion);
  const spread = spreadOf(step.evaluations.find((record) => record.protocol === protocol && record.split === split) ?? {});
  return { score, accuracy: share, macroF1: f1, loss: lossSum / numTexts, numTexts, ...(spread === undefined ? {} : { spread }) };
}

/** Null where the score was not measured, and where the metric is of classes. */
function textScoresOf({ protocol, split, text: sums, lossSum }: TextResult, step: StepRecord, metric: MainMetric): RunScores | null {
  if (!isTextMetric(metric)) return null;
  const judged = metricOnSplit(metric, split);
  const [score, text] = [measureText(judged, sums, lossSum), measureTexts(sums, lossSum)];
  if (score === null || text.lossPerToken === null) return null;
  const numTexts = needsAnswers(judged) ? text.numGenerated : text.numExamples;
  const spread = spreadOfTexts(step.texts?.find((record) => record.protocol === protocol && record.split === split) ?? {});
  return { score, loss: text.lossPerToken, numTexts, text, ...(spread === undefined ? {} : { spread }) };
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
  return Object.fromEntries(points.map((point) => [point.protocol, scoresAlone(point)]));
}

function scoresAlone({ protocol, split, coverage, round, seconds, bytesUp, bytesDown, ...scores }: RunPoint): RunScores {
  return scores;
}
