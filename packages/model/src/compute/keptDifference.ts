/** s_large − s_small of one position: some tokens' values, and one value for all others. */
export interface KeptPosition {
  /** Ascending. */
  readonly tokens: Int32Array;
  /** Of `tokens`, in their order. */
  readonly values: Float32Array;
  /** Of every other token: the mean of theirs. */
  readonly rest: number;
}

/** A position's difference, and how far it is off. */
export interface Kept {
  readonly position: KeptPosition;
  /** Total variation between softmax(s_large) and the softmax of s_small + what is kept. */
  readonly error: number;
}

/** Keeps the difference at the K tokens that either model scores highest (systems-detail: "the union of both models' top-K tokens"). */
export function keepTop(large: Float32Array, small: Float32Array, topK: number): Kept {
  const tokens = Int32Array.from(new Set([...topTokens(large, topK), ...topTokens(small, topK)])).sort();
  const difference = (token: number) => large[token] - small[token];
  const values = Float32Array.from(tokens, difference);
  const isKept = new Set(tokens);
  let sum = 0;
  for (let token = 0; token < large.length; token++) if (!isKept.has(token)) sum += difference(token);
  const position = { tokens, values, rest: tokens.length === large.length ? 0 : Math.fround(sum / (large.length - tokens.length)) };
  return { position, error: totalVariation(large, addKept(small, position)) };
}

/** Scores plus a kept difference. */
export function addKept(small: Float32Array, { tokens, values, rest }: KeptPosition): Float32Array {
  const scores = small.map((score) => score + rest);
  for (let i = 0; i < tokens.length; i++) scores[tokens[i]] = small[tokens[i]] + values[i];
  return scores;
}

/** Of equal scores the first. */
function topTokens(scores: Float32Array, topK: number): number[] {
  const order = Array.from(scores, (_, token) => token);
  if (topK >= order.length) return order;
  const threshold = scores.slice().sort()[scores.length - topK];
  const above = order.filter((token) => scores[token] > threshold);
  const equal = order.filter((token) => scores[token] === threshold);
  return [...above, ...equal.slice(0, topK - above.length)];
}

/** ½ Σ |softmax(a) − softmax(b)|. */
function totalVariation(a: Float32Array, b: Float32Array): number {
  const [p, q] = [softmax(a), softmax(b)];
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += Math.abs(p[i] - q[i]);
  return sum / 2;
}

function softmax(scores: Float32Array): Float64Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (const score of scores) largest = Math.max(largest, score);
  const weights = Float64Array.from(scores, (score) => Math.exp(score - largest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
