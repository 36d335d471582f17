import { type Params, sizeOf } from "../params.ts";
import type { Random } from "../random.ts";
import type { BackboneCost } from "../strategies/fedPipe/costs.ts";
import { type BackboneSizes, type TunedEntry, weightEntry } from "./entry.ts";
import { type TunedMethod, tuningMisfits, tuningOf } from "./table.ts";

/** What a strategy must know of the backbone and the tuning method. */
export interface TunedShape {
  readonly numLayers: number;
  /** Parameter names of layer l are `layerNames[l]`. */
  readonly layerNames: readonly (readonly string[])[];
  /** Names that always travel, such as `head/weight`. */
  readonly alwaysShared: readonly string[];
  /** What decides a device's costs, for strategies that plan by them; absent where the backbone's tensors are not known. */
  readonly backbone?: BackboneCost;
}

/**
 * What a run trains, in order: layer 0's parameters, layer 1's, … or those of the method as a whole, then the linear head's weight (C, H) and bias (C).
 * C is null of a text task, which has no such head. Throws a sentence where the method does not fit a backbone of these sizes.
 */
export function tunedEntries(sizes: BackboneSizes, tuning: TunedMethod, numClasses: number | null): TunedEntry[] {
  const misfits = tuningMisfits(sizes, tuning);
  if (misfits.length > 0) throw new Error(misfits.join("\n"));
  const entries = tuningOf(tuning).entries(sizes, tuning);
  if (tuning.head === "labelWords") return entries;
  if (numClasses === null) throw new Error('a text task has no classes for a linear head: set tuning.head to "labelWords"');
  return [...entries, weightEntry("head/weight", [numClasses, sizes.hiddenSize], null), weightEntry("head/bias", [numClasses], null)];
}

/** The entries' names as a strategy sees them: those of each layer, and those that always travel. */
export function tunedShape(entries: readonly TunedEntry[]): TunedShape {
  const namesOf = (layer: number | null) => entries.filter((one) => one.layer === layer).map(({ name }) => name);
  const numLayers = entries.reduce((highest, { layer }) => Math.max(highest, (layer ?? -1) + 1), 0);
  return { numLayers, layerNames: Array.from({ length: numLayers }, (_, layer) => namesOf(layer)), alwaysShared: namesOf(null) };
}

/** Where every device starts (fedpeptao.md §1): what is drawn comes from a stream of each parameter's own, the rest is constant. */
export function initialParams(entries: readonly TunedEntry[], random: Random): Params {
  const draw = ({ name, shape, initial: { mean, stdDev } }: TunedEntry): Float32Array => {
    if (stdDev === 0) return new Float32Array(sizeOf(shape)).fill(mean);
    const stream = random.stream({ purpose: `initial/${name}` });
    return Float32Array.from({ length: sizeOf(shape) }, () => mean + stdDev * stream.normal());
  };
  return Object.fromEntries(entries.map((one) => [one.name, { shape: one.shape, data: draw(one) }]));
}

/**
 * The word-embedding rows that an input prompt with `initial: "vocabulary"` starts from, P different ones of the first `numWords`.
 * Lester et al. draw from the 5,000 most common tokens, which come first in most vocabularies.
 */
export function vocabularyRows(random: Random, promptTokens: number, numWords: number): number[] {
  const rows = Array.from({ length: numWords }, (_, row) => row);
  return random.stream({ purpose: "initial/vocabulary" }).shuffle(rows).slice(0, promptTokens);
}
