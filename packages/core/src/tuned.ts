import type { Params } from "./params.ts";
import { sizeOf } from "./params.ts";
import type { Random } from "./random.ts";
import type { TuningCommon, TuningSettings } from "./run.ts";
import type { TunedShape } from "./strategies/strategy.ts";

/** A tensor of the backbone, such as `layers.3.attention.query.weight` of shape (out, in). */
export interface BackboneWeight {
  readonly name: string;
  readonly shape: readonly number[];
}

/** The sizes of a backbone that decide the shapes of what is trained. */
export interface BackboneSizes {
  readonly numLayers: number;
  readonly hiddenSize: number;
  /** W, width of keys and values. */
  readonly keyValueWidth: number;
  /** Width of queries; `hiddenSize` when absent. */
  readonly queryWidth?: number;
  /** Every tensor of the manifest, in its order; only `full` needs them. */
  readonly weights?: readonly BackboneWeight[];
}

/** Normal values, or with a standard deviation of 0 the mean everywhere. */
export interface InitialValues {
  readonly mean: number;
  readonly stdDev: number;
}

/** One trained parameter, before it has values. */
export interface TunedEntry {
  readonly name: string;
  readonly shape: readonly number[];
  /** The layer it belongs to, or null when it belongs to none and always travels. */
  readonly layer: number | null;
  readonly initial: InitialValues;
}

type WithoutRest<T> = T extends TuningCommon ? Omit<T, Exclude<keyof TuningCommon, "head">> : never;

/** The part of the tuning settings that decides names and shapes. */
export type TunedMethod = WithoutRest<TuningSettings>;

const zero: InitialValues = { mean: 0, stdDev: 0 };
/** Of prompts, as in P-tuning v2's code. */
const small: InitialValues = { mean: 0, stdDev: 0.02 };

/** What a run trains, in order: layer 0's parameters, layer 1's, … or those of the method as a whole, then the linear head's weight (C, H) and bias (C). */
export function tunedEntries(sizes: BackboneSizes, tuning: TunedMethod, numClasses: number): TunedEntry[] {
  const entries = methodEntries(sizes, tuning);
  if (tuning.head === "labelWords") return entries;
  return [...entries, entry("head/weight", [numClasses, sizes.hiddenSize], null), entry("head/bias", [numClasses], null)];
}

function methodEntries(sizes: BackboneSizes, tuning: TunedMethod): TunedEntry[] {
  const { hiddenSize: width, keyValueWidth, queryWidth = width } = sizes;
  switch (tuning.method) {
    case "prefix":
      return perLayer(sizes, (layer) => [entry(`prefix/${layer}`, [2, tuning.promptTokens, keyValueWidth], layer, small)]);
    case "inputPrompt":
      return [entry("prompt", [tuning.promptTokens, width], null, tuning.initial === "normal" ? small : zero)];
    case "adapter":
      return perLayer(sizes, (layer) =>
        ["attention", "feedForward"].flatMap((place) => adapterEntries(`adapter/${layer}/${place}`, layer, width, tuning.bottleneck)),
      );
    case "lora":
      return perLayer(sizes, (layer) => [
        ...loraEntries(`lora/${layer}/query`, layer, { inputs: width, outputs: queryWidth, rank: tuning.rank }),
        ...loraEntries(`lora/${layer}/value`, layer, { inputs: width, outputs: keyValueWidth, rank: tuning.rank }),
      ]);
    case "idpg":
      return generatorEntries("idpg", width, tuning);
    case "latePrompt":
      return generatorEntries("late", width, tuning);
    case "attempt":
      return [
        entry("attempt/prompt", [tuning.promptTokens, width], null, small),
        entry("attempt/down", [tuning.bottleneck, width], null, linear(width)),
        entry("attempt/up", [width, tuning.bottleneck], null, linear(tuning.bottleneck)),
        entry("attempt/normWeight", [width], null, { mean: 1, stdDev: 0 }),
        entry("attempt/normBias", [width], null),
      ];
    case "full":
      return fullEntries(sizes);
  }
}

/** The identity at the start, since `up` is 0. */
function adapterEntries(name: string, layer: number, width: number, bottleneck: number): TunedEntry[] {
  return [
    entry(`${name}/down`, [bottleneck, width], layer, { mean: 0, stdDev: 0.01 }), // Houlsby et al., §3.6, without the truncation
    entry(`${name}/downBias`, [bottleneck], layer),
    entry(`${name}/up`, [width, bottleneck], layer),
    entry(`${name}/upBias`, [width], layer),
  ];
}

/** The weight's difference is alpha / rank · b a, and `b` is 0 at the start. */
function loraEntries(
  name: string,
  layer: number,
  { inputs, outputs, rank }: { readonly inputs: number; readonly outputs: number; readonly rank: number },
): TunedEntry[] {
  return [entry(`${name}/a`, [rank, inputs], layer, linear(inputs)), entry(`${name}/b`, [outputs, rank], layer)];
}

/** Two linear maps that make P prompt tokens; row p · H + h of `up` gives value h of token p. */
function generatorEntries(
  name: string,
  width: number,
  { promptTokens, bottleneck }: { readonly promptTokens: number; readonly bottleneck: number },
): TunedEntry[] {
  return [
    entry(`${name}/down`, [bottleneck, width], null, linear(width)),
    entry(`${name}/downBias`, [bottleneck], null),
    entry(`${name}/up`, [promptTokens * width, bottleneck], null, linear(bottleneck)),
    entry(`${name}/upBias`, [promptTokens * width], null),
  ];
}

/** Differences to the backbone's own values, so that they start at 0: the layers' weights, and the norm after the last one where there is one. */
function fullEntries({ weights }: BackboneSizes): TunedEntry[] {
  if (weights === undefined) throw new Error("tuning.method full: the backbone's tensors are needed to know what is trained");
  return weights.flatMap(({ name, shape }) => {
    const layer = /^layers\.(\d+)\./.exec(name)?.[1];
    if (layer === undefined && !name.startsWith("norm.")) return [];
    return [entry(`full/${name}`, shape, layer === undefined ? null : Number(layer))];
  });
}

function perLayer({ numLayers }: BackboneSizes, build: (layer: number) => TunedEntry[]): TunedEntry[] {
  return Array.from({ length: numLayers }, (_, layer) => build(layer)).flat();
}

function entry(name: string, shape: readonly number[], layer: number | null, initial = zero): TunedEntry {
  return { name, shape, layer, initial };
}

/** As wide as PyTorch's linear layers start, uniform(±1/√inputs) there. */
function linear(inputs: number): InitialValues {
  return { mean: 0, stdDev: 1 / Math.sqrt(3 * inputs) };
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
