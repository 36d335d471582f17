import type { LayerSelector } from "../settings/fields.ts";
import { symmetricEigen } from "./symmetricEigen.ts";

/** Selectors that read hidden states; the others need no Stage A. */
export type StateSelector = Extract<LayerSelector, "score" | "naswot" | "l1" | "l2">;

/** Added to every eigenvalue (fedpeptao.md §3). */
const EPSILON = 1e-5;

/** Whether the selector ranks layers by what devices measure on hidden states. */
export function readsStates(selector: LayerSelector): selector is StateSelector {
  return selector === "score" || selector === "naswot" || selector === "l1" || selector === "l2";
}

/**
 * The least and the most that a layer's score can be with at most this number of examples. Every eigenvalue's ln(λ + ε) + 1/(λ + ε) is at least 1 and below
 * 1/ε; for `naswot` |λ| lies between ε and the number of all values, which is below e^64.
 */
export function scoreBounds(selector: StateSelector, mostExamples: number): { readonly least: number; readonly most: number } {
  if (selector === "naswot") return { least: Math.log(EPSILON) * mostExamples * (1 + 1e-9), most: 64 * mostExamples };
  return { least: 0, most: mostExamples * Math.ceil(1 / EPSILON) };
}

/** Indices of the first occurrence of each token sequence: a duplicate would make an eigenvalue 0 and its rounding the largest signal. */
export function distinctSequences(sequences: readonly ArrayLike<number>[]): number[] {
  const seen = new Set<string>();
  const kept: number[] = [];
  for (const [index, sequence] of sequences.entries()) {
    const key = Array.from(sequence).join(",");
    if (!seen.has(key)) kept.push(index);
    seen.add(key);
  }
  return kept;
}

export interface ScoringInput {
  /** b, distinct examples. */
  readonly numExamples: number;
  /** Output hidden states of layer 0 … L−1, each (b, T · width) row-major; the last may be left out when it is not scored. */
  readonly states: readonly Float32Array[];
  /** L. */
  readonly numLayers: number;
  readonly scoreLastLayer: boolean;
}

/** A device's s_{i,l} by layer, null for a last layer that is not scored; null as a whole with fewer than two distinct examples. */
export function scoreLayers(selector: StateSelector, input: ScoringInput): (number | null)[] | null {
  const { numExamples, states, numLayers, scoreLastLayer } = input;
  if (numExamples < 2) return null;
  const numScored = scoreLastLayer ? numLayers : numLayers - 1;
  if (states.length < numScored) throw new Error(`scoreLayers: ${numScored} layers are scored, received states of ${states.length}`);
  return Array.from({ length: numLayers }, (_, layer) => (layer < numScored ? scoreLayer(selector, states[layer], numExamples) : null));
}

/** Score of one layer from its hidden states (b, T · width); higher is more important. */
export function scoreLayer(selector: StateSelector, hidden: Float32Array, numExamples: number): number {
  if (numExamples < 2 || hidden.length % numExamples !== 0 || hidden.length === 0) {
    throw new Error(`scoreLayer: ${hidden.length} values are not rows of ${numExamples} examples, of which there must be at least 2`);
  }
  const rows = Array.from({ length: numExamples }, (_, k) => {
    const width = hidden.length / numExamples;
    return hidden.subarray(k * width, (k + 1) * width);
  });
  switch (selector) {
    case "score":
      return scoreGram(pairs(rows, dot), numExamples);
    case "naswot":
      return logDeterminant(pairs(rows, numAgreeing), numExamples);
    case "l1":
      return scoreSimilarity(similarity(pairs(rows, manhattan)), numExamples);
    case "l2":
      return scoreSimilarity(similarity(pairs(rows, euclid)), numExamples);
  }
}

/** Σ_j [ln(λ_j + ε) + 1/(λ_j + ε)] over the eigenvalues of the cosines, from the Gram matrix (b, b) of the states (fedpeptao.md §3). */
export function scoreGram(gram: ArrayLike<number>, numExamples: number): number {
  const norms = Array.from({ length: numExamples }, (_, k) => Math.sqrt(gram[k * numExamples + k]));
  const empty = norms.findIndex((norm) => !(norm > 0));
  if (empty >= 0) throw new Error(`scoreGram: example ${empty} has hidden states of norm ${norms[empty]}, expected a positive one`);
  const cosines = new Float64Array(numExamples * numExamples);
  for (let i = 0; i < cosines.length; i++) {
    const row = Math.floor(i / numExamples);
    const column = i % numExamples;
    cosines[i] = row === column ? 1 : gram[i] / (norms[row] * norms[column]);
  }
  return scoreSimilarity(cosines, numExamples);
}

function scoreSimilarity(matrix: Float64Array, n: number): number {
  return symmetricEigen(matrix, n).values.reduce((sum, value) => {
    const eigenvalue = Math.max(value, 0) + EPSILON;
    return sum + Math.log(eigenvalue) + 1 / eigenvalue;
  }, 0);
}

/** ln |det|, with |λ| at least ε so that two equal activation patterns give a finite score. */
function logDeterminant(matrix: Float64Array, n: number): number {
  return symmetricEigen(matrix, n).values.reduce((sum, value) => sum + Math.log(Math.max(Math.abs(value), EPSILON)), 0);
}

/** Largest distance − distance. */
function similarity(distances: Float64Array): Float64Array {
  const largest = distances.reduce((a, b) => Math.max(a, b), 0);
  return distances.map((distance) => largest - distance);
}

/** Symmetric (b, b) matrix of `measure` over all pairs of rows. */
function pairs(rows: readonly Float32Array[], measure: (a: Float32Array, b: Float32Array) => number): Float64Array {
  const n = rows.length;
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      const value = measure(rows[i], rows[j]);
      matrix[i * n + j] = value;
      matrix[j * n + i] = value;
    }
  }
  return matrix;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** How many of the signs h > 0 agree. */
function numAgreeing(a: Float32Array, b: Float32Array): number {
  let count = 0;
  for (let i = 0; i < a.length; i++) if (a[i] > 0 === b[i] > 0) count += 1;
  return count;
}

function manhattan(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
  return sum;
}

function euclid(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return Math.sqrt(sum);
}
