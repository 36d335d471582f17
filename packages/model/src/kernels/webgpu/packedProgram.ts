import type { Finish } from "./packedEpilogue.ts";
import type { Scaling } from "./packedUnpacking.ts";

/** One product with a packed matrix W (out, in): x · Wᵀ + bias, or for the gradient dY · W, and what happens to it. The left factor is called x in both. */
export interface PackedProduct extends Scaling, Finish {
  readonly numOut: number;
  /** Whether a difference and a perturbation of it are added to W. */
  readonly isMoved: boolean;
}

/** Rows of the left factor that take part. */
export interface ProductRows {
  readonly numRows: number;
  /** Whether the program must not depend on how many they are. */
  readonly isTraining: boolean;
}

/** A program for a product. Dimensions are uniforms (`numRows`, `numIn`, `numOut`, `scaleStart`, `numScaledRows`, `firstWord`, `firstBias`, `rowScale`), so layers share pipelines. */
export interface PackedSource {
  /** Names what the source depends on beside encoding, group and finish. */
  readonly key: string;
  readonly workgroupSize: [number, number, number];
  readonly dispatch: [number, number, number];
  /** Whether x is an array of four values or of single ones. */
  readonly leftComponents: 1 | 4;
  /** Declares `fn main(index : i32)`. */
  readonly source: () => string;
}
