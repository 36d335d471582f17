import { formatCount } from "@tutti/core";
import type { EvaluationRecord } from "@tutti/record";

/** Such as `global: accuracy 0.677 (of 288 texts), coverage 95 %`. */
export function evaluationText({ protocol, accuracy, numExamples, coverage }: EvaluationRecord): string {
  return `${protocol === "zeroShot" ? "zero-shot" : protocol}: accuracy ${accuracy.toFixed(3)} (of ${formatCount(numExamples, "text")}), coverage ${Math.round(100 * coverage)} %`;
}
