/** One case of a golden.json, as `golden/reference.py` writes it; arrays are row-major. */
export interface GoldenCase {
  readonly positionsAfterPrefix: boolean;
  readonly ids: readonly (readonly number[])[];
  readonly mask: readonly (readonly number[])[];
  /** Layers, 2, P, W. */
  readonly promptShape: readonly number[];
  readonly prompt: readonly number[];
  readonly maskPosition: readonly number[];
  readonly labels: readonly number[];
  readonly labelWords: readonly number[];
  readonly withoutPrompt: { readonly lastHidden: readonly number[]; readonly logitsAtMask: readonly number[] };
  readonly withPrompt: { readonly hidden: readonly (readonly number[])[]; readonly logitsAtMask: readonly number[] };
  readonly layerScores: { readonly paddingIncluded: readonly number[]; readonly paddingZeroed: readonly number[] };
  readonly lossOverVocabulary: number;
  readonly gradientOverVocabulary: readonly number[];
  readonly lossOverLabelWords: number;
  readonly gradientOverLabelWords: readonly number[];
  readonly adamW: {
    readonly steps: number;
    readonly rate: number;
    readonly decay: number;
    readonly clip: number;
    readonly losses: readonly number[];
    readonly prompt: readonly number[];
  };
  /** Causal families: two suffixes behind a text. */
  readonly suffix?: {
    readonly text: readonly number[];
    readonly suffixes: readonly (readonly number[])[];
    readonly meanTokenLoss: readonly number[];
    readonly predicted: number;
  };
  readonly spectrum: {
    readonly v: readonly number[];
    readonly hessianTimesV: readonly number[];
    readonly rademacherStart: readonly number[];
    readonly lanczosSteps: number;
    readonly ritzValues: readonly number[];
    readonly ritzWeights: readonly number[];
    readonly keepAbsolute: number;
    readonly keepRelative: number;
  };
}

/** A family's golden.json. */
export interface GoldenFile {
  readonly cases: readonly GoldenCase[];
}
