/**
 * Layer scores as an attacker tells them: λ (s_max + s_min − s), so that the least important layer leads and its word weighs λ times as much in a mean.
 * They stay above 0, where honest ones are.
 */
export function falseScores(layerScores: readonly (number | null)[] | null, factor: number): readonly (number | null)[] | null {
  if (layerScores === null) return null;
  const scored = layerScores.filter((score) => score !== null);
  const ends = Math.max(...scored) + Math.min(...scored);
  return layerScores.map((score) => (score === null ? null : factor * (ends - score)));
}

/** Most examples that a device may claim (SPEC.md, P-14). */
const mostExamples = 1_000_000;

/**
 * Examples as an attacker counts them: λ n, so that its difference weighs more in every mean over examples (Portnoy, Tirosh and Hendler, Towards
 * Federated Learning with Byzantine-Robust Client Weighting, 2020).
 */
export function falseExamples(numExamples: number, factor: number): number {
  return Math.min(mostExamples, Math.max(1, Math.round(factor * numExamples)));
}
