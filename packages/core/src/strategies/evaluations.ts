import { mergeConfusions } from "../metrics.ts";
import type { RunConditions } from "../settings/runConditions.ts";
import type { Contribution, EvaluationResult, Protocol, RoundPlan, TaskSpec } from "../task.ts";
import { addTextSums } from "../textSums.ts";
import { contributionsOf } from "./averaging.ts";
import type { Evaluation } from "./strategy.ts";

/** Whether a round of the train stage ends with an evaluate step: every `evaluateEvery` rounds and after the last. */
export function isEvaluationDue(run: RunConditions, round: number): boolean {
  return round % run.evaluateEvery === 0 || round === run.numRounds;
}

/** What an evaluate step is for. */
export interface EvaluationPurpose {
  /** Whether the backbone without prompts is looked at as well. */
  readonly isZeroShotDue: boolean;
  /** Whether devices use parameters of their own. */
  readonly isPersonalised: boolean;
}

/**
 * The evaluate task of fedpeptao.md §6. Where nothing stays on the devices all use the same model: whose rows they are makes no difference,
 * and a newcomer gets that model too, so the rows are predicted once.
 */
export function evaluateSpec({ isZeroShotDue, isPersonalised }: EvaluationPurpose): TaskSpec {
  const protocols: Protocol[] = isPersonalised ? ["personalised", "global", "newcomer"] : ["global"];
  return { kind: "evaluate", protocols: isZeroShotDue ? [...protocols, "zeroShot"] : protocols, splits: ["validation", "test"] };
}

/** The backbone without prompts is the same in every round, so it is looked at once. States of runs begun before there was a choice hold none. */
export function isZeroShotDue(run: RunConditions, numEvaluations: number): boolean {
  return (run.evaluateZeroShot ?? true) && numEvaluations === 0;
}

/**
 * Pools what the devices answered: confusion matrices or sums over texts, and loss sums, are added up, in device order. With one model for all the personalised
 * and the newcomer's results are the global one's.
 */
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
  const isOfAll = ({ protocol }: EvaluationResult) => protocol === "global";
  const copied = isPersonalised
    ? []
    : (["personalised", "newcomer"] as const).flatMap((protocol) => results.filter(isOfAll).map((result) => ({ ...result, protocol })));
  return {
    stage: plan.stage,
    round: plan.round,
    numAnswered: answers.length,
    coverage: answers.length / plan.numDevices,
    results: [...results, ...copied],
  };
}

function addResults(a: EvaluationResult, b: EvaluationResult, deviceId: number): EvaluationResult {
  if ("text" in a && "text" in b) return { ...a, text: addTextSums(a.text, b.text), lossSum: a.lossSum + b.lossSum };
  if ("text" in a || "text" in b)
    throw new Error(`device ${deviceId}: answered a ${"text" in b ? "text" : "classification"} task, expected the other kind`);
  if (a.confusion.length !== b.confusion.length) {
    throw new Error(`device ${deviceId}: a confusion matrix of ${b.confusion.length} classes, expected ${a.confusion.length}`);
  }
  return { ...a, confusion: mergeConfusions([a.confusion, b.confusion], a.confusion.length), lossSum: a.lossSum + b.lossSum };
}
