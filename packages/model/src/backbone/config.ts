/** More layers than any model has: what names more is damaged, and its list of tensors alone would fill the memory. */
export const maxLayers = 1000;

/** The transformer families that Tutti can run; see `tensorNames` for what each needs. */
export type Family = "roberta" | "bert" | "gpt2" | "llama";

/** How LLaMA 3 stretches its rotary wavelengths. */
export interface RotaryScaling {
  readonly factor: number;
  readonly lowFrequencyFactor: number;
  readonly highFrequencyFactor: number;
  readonly originalMaxPositions: number;
}

/** Everything the forward pass must know of a backbone: one shape of configuration for all families. */
export interface BackboneConfig {
  readonly family: Family;
  readonly vocabSize: number;
  /** H. */
  readonly hiddenSize: number;
  /** L. */
  readonly numLayers: number;
  readonly numHeads: number;
  /** Fewer than `numHeads` with grouped-query attention. */
  readonly numKeyValueHeads: number;
  /** Width of one head; the key/value width W is `numKeyValueHeads · headSize`. */
  readonly headSize: number;
  readonly intermediateSize: number;
  /** Tokens that fit, prefix not counted. */
  readonly maxPositions: number;
  /** Row of the position table that belongs to position 0: padTokenId + 1 in roberta, otherwise 0. The table has maxPositions + positionOffset rows. */
  readonly positionOffset: number;
  /** Rows of the token type table; 0 when the family has none. Row 0 is added to every token. */
  readonly numTypes: number;
  /** ε of LayerNorm, or of RMSNorm. */
  readonly layerNormEpsilon: number;
  /** Token that pads a batch; causal families without one pad with 0, behind the mask. */
  readonly padTokenId: number;
  /** `gelu` is the exact form with erf, `geluTanh` the tanh approximation. */
  readonly activation: "gelu" | "geluTanh" | "silu";
  /** Whether a token sees only itself and what is before it. */
  readonly isCausal: boolean;
  /** Whether the output matrix is the embedding table; otherwise it is the tensor `head.output`. */
  readonly hasTiedEmbeddings: boolean;
  /** Null with learned positions. */
  readonly rotary: { readonly theta: number; readonly scaling: RotaryScaling | null } | null;
}

/** W, the width of keys and values. */
export function keyValueWidth(config: BackboneConfig): number {
  return config.numKeyValueHeads * config.headSize;
}
