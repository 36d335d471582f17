/** A token that could come next. */
export interface Candidate {
  readonly id: number;
  readonly probability: number;
}

/** The likeliest tokens, at most `count`, with their probabilities at a temperature; at 0, which takes the first, those of the model itself. Ties go to the lower id. */
export function likeliestTokens(logits: ArrayLike<number>, temperature: number, count: number): Candidate[] {
  const weightOf = weights(logits, temperature);
  let total = 0;
  const best: { id: number; weight: number }[] = [];
  for (let id = 0; id < logits.length; id++) {
    const weight = weightOf(id);
    total += weight;
    const last = best[best.length - 1];
    if (best.length === count && weight <= last.weight) continue;
    const place = best.findIndex((other) => weight > other.weight);
    best.splice(place === -1 ? best.length : place, 0, { id, weight });
    if (best.length > count) best.pop();
  }
  return best.map(({ id, weight }) => ({ id, probability: weight / total }));
}

/** Of one token, at the same temperature. */
export function probabilityOf(wanted: number, logits: ArrayLike<number>, temperature: number): number {
  const weightOf = weights(logits, temperature);
  let total = 0;
  for (let id = 0; id < logits.length; id++) total += weightOf(id);
  return weightOf(wanted) / total;
}

/** The weight of a token, at most 1 however large the logits are. */
function weights(logits: ArrayLike<number>, temperature: number): (id: number) => number {
  const divisor = temperature === 0 ? 1 : temperature;
  let largest = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < logits.length; id++) largest = Math.max(largest, logits[id]);
  return (id) => Math.exp((logits[id] - largest) / divisor);
}
