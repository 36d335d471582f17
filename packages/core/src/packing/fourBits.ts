/** An encoding of 16 levels: a value is `levels[code] · scale`. */
interface FourBits {
  readonly levels: Float32Array;
  /** A group's scale from its largest magnitude. */
  scaleOf(largest: number): number;
  /** The code of the level nearest to a value already divided by its scale. */
  codeOf(ratio: number): number;
}

/** Symmetric: codes 1 … 15 are the levels −7 … 7, and the scale is the group's largest magnitude / 7. Code 0 (−8) is not written. */
export const int4: FourBits = {
  levels: Float32Array.from({ length: 16 }, (_, code) => code - 8),
  scaleOf: (largest) => largest / 7,
  codeOf: (ratio) => Math.max(-7, Math.min(7, Math.round(ratio))) + 8,
};

/**
 * NormalFloat: levels at the quantiles of a normal distribution, as bitsandbytes has them (QLoRA, arXiv 2305.14314, appendix E);
 * the scale is the block's largest magnitude.
 */
const normalLevels = Float32Array.of(
  -1,
  -0.6961928009986877,
  -0.5250730514526367,
  -0.39491748809814453,
  -0.28444138169288635,
  -0.18477343022823334,
  -0.09105003625154495,
  0,
  0.07958029955625534,
  0.16093020141124725,
  0.24611230194568634,
  0.33791524171829224,
  0.44070982933044434,
  0.5626170039176941,
  0.7229568362236023,
  1,
);

/** Half way between neighbouring levels. */
const borders = Float64Array.from({ length: 15 }, (_, i) => (normalLevels[i] + normalLevels[i + 1]) / 2);

/** Levels that are equally likely among normal values (QLoRA, https://arxiv.org/abs/2305.14314). */
export const nf4: FourBits = {
  levels: normalLevels,
  scaleOf: (largest) => largest,
  codeOf(ratio) {
    let code = ratio > borders[7] ? 8 : 0; // four halvings instead of fifteen comparisons
    for (let half = 4; half > 0; half >>= 1) if (ratio > borders[code + half - 1]) code += half;
    return code;
  },
};
