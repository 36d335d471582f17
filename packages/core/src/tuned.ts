import type { Params } from "./params.ts";
import { sizeOf } from "./params.ts";
import type { Random } from "./random.ts";
import type { TuningSettings } from "./run.ts";
import type { TunedShape } from "./strategies/strategy.ts";

/** The sizes of a backbone that decide the shapes of what is trained. */
export interface BackboneSizes {
  readonly numLayers: number;
  readonly hiddenSize: number;
  /** W, width of keys and values. */
  readonly keyValueWidth: number;
}

/** One trained parameter, before it has values. */
export interface TunedEntry {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What a run trains, in order: layer 0's prefix (2, P, W), layer 1's, …, then the linear head's weight (C, H) and bias (C). */
export function tunedEntries(
  { numLayers, hiddenSize, keyValueWidth }: BackboneSizes,
  { promptTokens, head }: Pick<TuningSettings, "promptTokens" | "head">,
  numClasses: number,
): TunedEntry[] {
  const prefixes = Array.from({ length: numLayers }, (_, layer) => ({ name: `prefix/${layer}`, shape: [2, promptTokens, keyValueWidth] }));
  if (head === "labelWords") return prefixes;
  return [...prefixes, { name: "head/weight", shape: [numClasses, hiddenSize] }, { name: "head/bias", shape: [numClasses] }];
}

/** The entries' names as a strategy sees them: one prefix per layer, and the head, which always travels. */
export function tunedShape(entries: readonly TunedEntry[]): TunedShape {
  const names = entries.map((entry) => entry.name);
  const prefixes = names.filter((name) => name.startsWith("prefix/"));
  return { numLayers: prefixes.length, layerNames: prefixes.map((name) => [name]), alwaysShared: names.slice(prefixes.length) };
}

/** Where every device starts (fedpeptao.md §1): prefixes normal(0, 0.02), each from a stream of its own, and a head of zeros. */
export function initialParams(entries: readonly TunedEntry[], random: Random): Params {
  const draw = ({ name, shape }: TunedEntry): Float32Array => {
    if (!name.startsWith("prefix/")) return new Float32Array(sizeOf(shape));
    const stream = random.stream({ purpose: `initial/${name}` });
    return Float32Array.from({ length: sizeOf(shape) }, () => 0.02 * stream.normal());
  };
  return Object.fromEntries(entries.map((entry) => [entry.name, { shape: entry.shape, data: draw(entry) }]));
}
