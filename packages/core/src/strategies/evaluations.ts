import { mergeConfusions } from "../metrics.ts";
import type { RunSettings } from "../run.ts";
import type { Contribution, EvaluationResult, Protocol, RoundPlan, TaskSpec } from "../task.ts";
import { contributionsOf } from "./averaging.ts";
import type { Evaluation } from "./strategy.ts";

/** Whether a round of the train stage ends with an evaluate step: every `evaluateEvery` rounds and after the last. */
export function isEvaluationDue(run: RunSettings, round: number): boolean {
  return round % run.evaluateEvery === 0 || round === run.numRounds;
}

/**
 * The evaluate task of fedpeptao.md §6; the backbone without prompts is looked at once. Where nothing stays on the devices a newcomer
 * gets the global model, and is not asked for separately.
 */
export function evaluateSpec(isFirst: boolean, isPersonalised: boolean): TaskSpec {
  const protocols: Protocol[] = isPersonalised ? ["personalised", "global", "newcomer"] : ["personalised", "global"];
  return { kind: "evaluate", protocols: isFirst ? [...protocols, "zeroShot"] : protocols, splits: ["validation", "test"] };
}

/** Pools what the devices answered: confusion matrices and loss sums are added up, in device order. */
export function poolEvaluations(plan: RoundPlan, contributions: readonly Contribution[], isPersonalised: boolean): Evaluation {
  const answers = contributionsOf(contributions, "evaluate");
  const pooled = new Map<string, EvaluationResult>();
  for (const { deviceId, body } of answers) {
    for (const result of body.results) {
      const key = `${result.protocol} ${result.split}`;
      const sum = pooled.get(key);
      pooled.set(key, sum === undefined ? result : addResults(sum, result, deviceId));
    }
  }
  const results = [...pooled.values()];
  const newcomer = isPersonalised ? [] : results.filter((result) => result.protocol === "global");
  return {
    stage: plan.stage,
    round: plan.round,
    numAnswered: answers.length,
    coverage: answers.length / plan.numDevices,
    results: [...results, ...newcomer.map((result) => ({ ...result, protocol: "newcomer" as const }))],
  };
}

function addResults(a: EvaluationResult, b: EvaluationResult, deviceId: number): EvaluationResult {
  if (a.confusion.length !== b.confusion.length) {
    throw new Error(`device ${deviceId}: a confusion matrix of ${b.confusion.length} classes, expected ${a.confusion.length}`);
  }
  return { ...a, confusion: mergeConfusions([a.confusion, b.confusion], a.confusion.length), lossSum: a.lossSum + b.lossSum };
}
