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
  /** Whether each token sees those before it alone; false when absent. */
  readonly isCausal?: boolean;
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
  /** Whether it is itself what is put among the texts' rows or keys, and not what makes it; prompt dropout is of these. */
  readonly isPrompt: boolean;
}

/** All values 0. */
export const zero: InitialValues = { mean: 0, stdDev: 0 };

/** Of prompts, as in P-tuning v2's code. */
export const small: InitialValues = { mean: 0, stdDev: 0.02 };

/** As wide as PyTorch's linear layers start, uniform(±1/√inputs) there. */
export function linear(inputs: number): InitialValues {
  return { mean: 0, stdDev: 1 / Math.sqrt(3 * inputs) };
}

/** Prompt rows, which dropout is applied to. */
export function promptEntry(name: string, shape: readonly number[], layer: number | null, initial: InitialValues): TunedEntry {
  return { name, shape, layer, initial, isPrompt: true };
}

/** Weights of a network, or differences to them. */
export function weightEntry(name: string, shape: readonly number[], layer: number | null, initial = zero): TunedEntry {
  return { name, shape, layer, initial, isPrompt: false };
}

/** The entries of layer 0, of layer 1, …. */
export function perLayer({ numLayers }: BackboneSizes, build: (layer: number) => TunedEntry[]): TunedEntry[] {
  return Array.from({ length: numLayers }, (_, layer) => build(layer)).flat();
}

/** Two linear maps that make P prompt tokens; row p · H + h of `up` gives value h of token p. */
export function generatorEntries(
  name: string,
  width: number,
  { promptTokens, bottleneck }: { readonly promptTokens: number; readonly bottleneck: number },
): TunedEntry[] {
  return [
    weightEntry(`${name}/down`, [bottleneck, width], null, linear(width)),
    weightEntry(`${name}/downBias`, [bottleneck], null),
    weightEntry(`${name}/up`, [promptTokens * width, bottleneck], null, linear(bottleneck)),
    weightEntry(`${name}/upBias`, [promptTokens * width], null),
  ];
}
