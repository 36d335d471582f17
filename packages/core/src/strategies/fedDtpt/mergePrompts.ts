import { portableExp } from "../../portableMath.ts";
import { dbscan, elbowOf, noise } from "./dbscan.ts";

/** A device's prompt, with what the coordinator knows of its tokens. */
export interface DevicePrompt {
  readonly tokens: readonly number[];
  /** What the device says of it, 0 to 1: of equal weights that of the better prompt counts. */
  readonly accuracy: number;
  /** Embeddings of the tokens, (tokens, H) row-major. */
  readonly rows: Float32Array;
}

/** What decides which tokens stay. */
export interface MergeSettings {
  /** DBSCAN's least points of a core point: prompts that have the token, or one within ε. */
  readonly minTokens: number;
  readonly mostTokens: number;
}

/** One token, wherever it stands in the prompts. */
export interface Word {
  readonly id: number;
  readonly row: Float32Array;
  /** How often each prompt has it. */
  readonly counts: readonly number[];
  /** In all prompts. */
  readonly count: number;
  /** Mean place in the prompts, from 0. */
  readonly place: number;
  /** The largest of a prompt that has it. */
  readonly accuracy: number;
}

/**
 * The server's step of FedDTPT (https://arxiv.org/abs/2411.00985, §3.4): DBSCAN, with the elbow of all distances to the nearest other token as ε, groups the tokens, the
 * heaviest of each group stays, and those that stay are in the order of their places. Sums run over tokens by id, so the order of the prompts changes no bit. One prompt
 * alone stays as it is; a token that is nowhere near another prompt's goes. No token stays twice.
 */
export function mergePrompts(prompts: readonly DevicePrompt[], { minTokens, mostTokens }: MergeSettings): number[] {
  const words = wordsOf(prompts);
  const weights = attentionWeights(words);
  const byWeight = (a: number, b: number) => weights[b] - weights[a] || words[b].accuracy - words[a].accuracy || words[a].id - words[b].id;
  const kept = prompts.length === 1 ? [...words.keys()] : heaviestOfClusters(words, Math.min(minTokens, prompts.length), byWeight);
  return kept
    .sort(byWeight)
    .slice(0, mostTokens)
    .map((at) => words[at])
    .sort((a, b) => a.place - b.place || a.id - b.id)
    .map(({ id }) => id);
}

/** The tokens of all prompts, once each, by id. */
export function wordsOf(prompts: readonly DevicePrompt[]): Word[] {
  const ids = [...new Set(prompts.flatMap(({ tokens }) => tokens))].sort((a, b) => a - b);
  const width = Math.max(...prompts.map(({ tokens, rows }) => (tokens.length === 0 ? 0 : rows.length / tokens.length)));
  return ids.map((id) => {
    const places = prompts.map(({ tokens }) => tokens.flatMap((token, at) => (token === id ? [at] : [])));
    const having = prompts.filter((_, k) => places[k].length > 0);
    const [{ tokens, rows }] = having;
    const at = tokens.indexOf(id);
    const flat = places.flat();
    return {
      id,
      row: rows.subarray(at * width, (at + 1) * width),
      counts: places.map((own) => own.length),
      count: flat.length,
      place: flat.reduce((sum, place) => sum + place, 0) / flat.length,
      accuracy: Math.max(...having.map(({ accuracy }) => accuracy)),
    };
  });
}

/** w of each token: a softmax, within a prompt, of the sums of its cosine similarities to all tokens of the other prompts; the largest over the prompts that have it. */
export function attentionWeights(words: readonly Word[]): number[] {
  const norms = words.map(({ row }) => Math.sqrt(dot(row, row)));
  const similarities = pairs(words, (a, b, i, j) => (norms[i] * norms[j] === 0 ? 0 : dot(a, b) / (norms[i] * norms[j])));
  const weights = new Array<number>(words.length).fill(0);
  for (const k of words[0]?.counts.keys() ?? []) {
    const own = [...words.keys()].filter((i) => words[i].counts[k] > 0);
    const sums = own.map((i) => words.reduce((sum, { count, counts }, j) => sum + (count - counts[k]) * similarities[i][j], 0));
    const largest = Math.max(...sums);
    const powers = sums.map((sum) => portableExp(sum - largest));
    const total = powers.reduce((sum, power, at) => sum + words[own[at]].counts[k] * power, 0);
    own.forEach((i, at) => {
      weights[i] = Math.max(weights[i], powers[at] / total);
    });
  }
  return weights;
}

/** ε: the elbow of the distances from every token of every prompt to the nearest other one, ascending. */
export function radiusOf(words: readonly Word[], distances: readonly Float64Array[]): number {
  const nearest = words.flatMap(({ count }, i) => {
    if (count > 1) return new Array<number>(count).fill(0);
    const others = [...distances[i]].filter((_, j) => j !== i);
    return others.length === 0 ? [] : [Math.min(...others)];
  });
  return elbowOf(nearest.sort((a, b) => a - b));
}

function heaviestOfClusters(words: readonly Word[], minPoints: number, byWeight: (a: number, b: number) => number): number[] {
  const distances = pairs(words, distanceOf);
  const numPrompts = words.map(({ counts }) => counts.filter((count) => count > 0).length); // no prompt counts twice by repeating a token
  const clusters = dbscan(distances, numPrompts, { radius: radiusOf(words, distances), minPoints });
  const heaviest = new Map<number, number>();
  clusters.forEach((cluster, at) => {
    const best = heaviest.get(cluster);
    if (cluster !== noise && (best === undefined || byWeight(best, at) > 0)) heaviest.set(cluster, at);
  });
  return [...heaviest.values()];
}

/** A symmetric function of the rows of every two words. */
function pairs(words: readonly Word[], of: (a: Float32Array, b: Float32Array, i: number, j: number) => number): Float64Array[] {
  const table = words.map(() => new Float64Array(words.length));
  words.forEach(({ row }, i) => {
    for (let j = i; j < words.length; j++) {
      const value = of(row, words[j].row, i, j);
      table[i][j] = value;
      table[j][i] = value;
    }
  });
  return table;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function distanceOf(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum);
}
