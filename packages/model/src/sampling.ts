import type { RandomStream } from "@tutti/core";

/** How the next token is chosen. */
export interface SamplingSettings {
  /** 0 takes the largest logit; 1 draws from the model's own distribution; lower is safer. */
  readonly temperature: number;
  /** Draws from the fewest tokens that together have at least this probability; 1 for all. */
  readonly topP: number;
}

/** The next token. Ties go to the lower id; a draw takes one uniform number. */
export function sampleToken(logits: ArrayLike<number>, { temperature, topP }: SamplingSettings, random: RandomStream): number {
  if (!(temperature >= 0)) throw new RangeError(`temperature ${temperature}: must be 0 or more`);
  if (!(topP > 0 && topP <= 1)) throw new RangeError(`top-p ${topP}: must be above 0 and at most 1`);
  if (temperature === 0) return argMax(logits);
  const order = Array.from(logits, (_, id) => id).sort((a, b) => logits[b] - logits[a] || a - b);
  const largest = logits[order[0]];
  const weights = order.map((id) => Math.exp((logits[id] - largest) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let kept = 0;
  let numKept = 0;
  while (numKept < weights.length && kept < topP * total) kept += weights[numKept++];
  let rest = random.uniform() * kept;
  for (let i = 0; i < numKept; i++) {
    rest -= weights[i];
    if (rest < 0) return order[i];
  }
  return order[numKept - 1];
}

function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
