import { formatCount, formatNumber, formatScore } from "@tutti/core";
import type { EvaluationRecord, TextRecord } from "@tutti/record";

/** Such as `global: accuracy 0.677 (of 288 texts), coverage 95 %`. */
export function evaluationText({ protocol, accuracy, numExamples, coverage }: EvaluationRecord): string {
  return `${protocol === "zeroShot" ? "zero-shot" : protocol}: accuracy ${accuracy.toFixed(3)} (of ${formatCount(numExamples, "text")}), coverage ${Math.round(100 * coverage)} %`;
}

/** Such as `global: ROUGE-L 0.214 (of 64 answers), token accuracy 0.352, perplexity 31.2 per token (of 288 texts), coverage 95 %`. */
export function textEvaluationText({ protocol, rougeL, numGenerated, tokenAccuracy, perplexityPerToken, ...counts }: TextRecord): string {
  const generated = rougeL === null ? "" : `ROUGE-L ${formatScore(rougeL)} (of ${formatCount(numGenerated, "answer")}), `;
  const perplexity = perplexityPerToken === null ? "–" : formatNumber(perplexityPerToken);
  const ofTokens = `token accuracy ${formatScore(tokenAccuracy)}, perplexity ${perplexity} per token (of ${formatCount(counts.numExamples, "text")})`;
  return `${protocol === "zeroShot" ? "untuned" : protocol}: ${generated}${ofTokens}, coverage ${Math.round(100 * counts.coverage)} %`;
}
