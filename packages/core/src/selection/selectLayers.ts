import { medianOf } from "../aggregation/columns.ts";
import type { RandomStream } from "../random.ts";
import type { LayerSelector } from "../settings/fields.ts";

/** What one device measured, and its weight n_i. */
export interface DeviceScores {
  readonly numExamples: number;
  /** s_{i,l} by layer; null when the device abstains. */
  readonly layerScores: readonly (number | null)[] | null;
}

/**
 * s_l = Σ_i (n_i / Σ_m n_m) s_{i,l} over the devices that did not abstain, in the order given.
 * A layer is null where a device did not score it; null as a whole when all abstained.
 */
export function combineLayerScores(devices: readonly DeviceScores[]): (number | null)[] | null {
  const scored = devices.flatMap(({ numExamples, layerScores }) => (layerScores === null ? [] : [{ numExamples, layerScores }]));
  if (scored.length === 0) return null;
  const numLayers = scored[0].layerScores.length;
  const total = scored.reduce((sum, { numExamples }) => sum + numExamples, 0);
  return Array.from({ length: numLayers }, (_, layer) => {
    let sum = 0;
    for (const { numExamples, layerScores } of scored) {
      if (layerScores.length !== numLayers) throw new Error(`layer scores: ${numLayers} layers expected, received ${layerScores.length}`);
      const score = layerScores[layer];
      if (score === null) return null;
      sum += (numExamples / total) * score;
    }
    return sum;
  });
}

/** The median of each layer's scores over the devices that did not abstain, which count alike; a layer is null where a device did not score it. */
export function medianLayerScores(devices: readonly DeviceScores[]): (number | null)[] | null {
  const combined = combineLayerScores(devices);
  const scored = devices.flatMap(({ layerScores }) => (layerScores === null ? [] : [layerScores]));
  return combined?.map((score, layer) => (score === null ? null : medianOf(scored.flatMap((scores) => scores[layer] ?? [])))) ?? null;
}

/** Layers from most to least important: descending score, unscored layers last, the lower layer first among equals. */
export function rankLayers(scores: readonly (number | null)[]): number[] {
  const value = (layer: number) => scores[layer] ?? Number.NEGATIVE_INFINITY;
  return scores.map((_, layer) => layer).sort((a, b) => (value(a) === value(b) ? a - b : value(b) > value(a) ? 1 : -1));
}

/** K = max(1, round(rL)), at most L. */
export function numLayersToKeep(keepFraction: number, numLayers: number): number {
  if (!(keepFraction >= 0 && keepFraction <= 1)) throw new Error(`keepFraction: needs 0 to 1, received ${keepFraction}`);
  return Math.min(numLayers, Math.max(1, Math.round(keepFraction * numLayers)));
}

export interface LayerChoice {
  readonly numLayers: number;
  /** K. */
  readonly numKept: number;
  /** s_l, for the selectors that read hidden states. */
  readonly scores?: readonly (number | null)[];
  /** For the selector `random`. */
  readonly random?: RandomStream;
}

/** 𝓢, ascending: the K layers that the selector prefers; `all` is every layer whatever K is. */
export function selectLayers(selector: LayerSelector, choice: LayerChoice): number[] {
  return preferredLayers(selector, choice).sort((a, b) => a - b);
}

function preferredLayers(selector: LayerSelector, { numLayers, numKept, scores, random }: LayerChoice): number[] {
  if (!Number.isInteger(numKept) || numKept < 1 || numKept > numLayers) {
    throw new Error(`selectLayers: can keep 1 to ${numLayers} layers, not ${numKept}`);
  }
  const layers = Array.from({ length: numLayers }, (_, layer) => layer);
  switch (selector) {
    case "all":
      return layers;
    case "first":
      return layers.slice(0, numKept);
    case "last":
      return layers.slice(numLayers - numKept);
    case "middle": {
      const start = Math.floor((numLayers - numKept) / 2);
      return layers.slice(start, start + numKept);
    }
    case "random":
      if (random === undefined) throw new Error("selectLayers: the selector random needs a random stream");
      return random.shuffle(layers).slice(0, numKept);
    default:
      if (scores?.length !== numLayers) throw new Error(`selectLayers: ${selector} needs the scores of ${numLayers} layers`);
      return rankLayers(scores).slice(0, numKept);
  }
}
