import type { LiveComponents } from "../../lowRank/liveComponents.ts";

/** What one device says of each component that is alive, matrix by matrix, and n_i. */
export interface ComponentClaims {
  readonly numExamples: number;
  readonly scores: readonly number[];
}

/**
 * Σ p_i · share of a component. Each device's scores are shares of their sum, and a share counts as no more and no less than all but the highest and
 * the lowest quarter of the devices say: whatever up to a quarter of them claims, the sum stays within what the others found. Null where no device says anything.
 */
export function pooledShares(claims: readonly ComponentClaims[], count: number): number[] | null {
  const said = claims.flatMap(({ numExamples, scores }) => {
    const total = scores.reduce((sum, score) => sum + score, 0);
    const isSaying = scores.length === count && total > 0 && Number.isFinite(total);
    return isSaying ? [{ numExamples, shares: scores.map((score) => score / total) }] : [];
  });
  if (said.length === 0) return null;
  const total = said.reduce((sum, { numExamples }) => sum + numExamples, 0);
  const cut = Math.floor(said.length / 4);
  return Array.from({ length: count }, (_, c) => {
    const sorted = said.map(({ shares }) => shares[c]).sort((a, b) => a - b);
    const [least, most] = [sorted[cut], sorted[sorted.length - 1 - cut]];
    return said.reduce((sum, { numExamples, shares }) => sum + (numExamples / total) * Math.min(most, Math.max(least, shares[c])), 0);
  });
}

/** Those of the components that are alive which have the highest scores, as many as the budget allows; of equal ones the earlier. */
export function withinBudget(live: LiveComponents, scores: readonly number[], budget: number): LiveComponents {
  const all = live.flatMap((places, j) => places.map((place) => ({ j, place })));
  const order = all.map((_, at) => at).sort((x, y) => scores[y] - scores[x] || x - y);
  const kept = new Set(order.slice(0, budget));
  const chosen = all.filter((_, at) => kept.has(at));
  return live.map((_, j) => chosen.filter((one) => one.j === j).map(({ place }) => place));
}
