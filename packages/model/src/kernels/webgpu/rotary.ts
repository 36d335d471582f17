import { runFlat } from "./flatProgram.ts";
import { type GpuContext, type GpuKernel, given } from "./gpuKernel.ts";

interface RotaryAttributes {
  readonly numRows: number;
  readonly headSize: number;
  /** Queries and keys; the heads behind them are copied. */
  readonly numTurnedHeads: number;
  readonly isGradient: boolean;
}

const workgroupSize = 64;

/** Turns queries and keys, half-split layout; with `isGradient` back. An invocation turns the same dimension of all heads of a row. */
export function rotaryKernels({ backend }: GpuContext): { readonly TuttiRotate: GpuKernel } {
  return {
    TuttiRotate(inputs, attributes) {
      const { numRows, headSize, numTurnedHeads, isGradient } = attributes as object as RotaryAttributes;
      const qkv = given(inputs, "qkv");
      const width = qkv.shape[1];
      const isWide = width % 4 === 0 && headSize % 8 === 0;
      const components = isWide ? 4 : 1;
      const half = headSize / 2 / components;
      const source = `
        fn main(index : i32) {
          let half = uniforms.half;
          let row = index / half;
          if (row >= uniforms.numRows) { return; }
          let i = index - row * half;
          let start = row * uniforms.numElements + i;
          let at = row * half + i;
          let cosine = angles[at];
          let sine = ${isGradient ? "-" : ""}angles[uniforms.numRows * half + at];
          let end = start + uniforms.numTurned;
          for (var j = start; j < end; j += 2 * half) {
            let first = qkv[j];
            let second = qkv[j + half];
            result[j] = first * cosine - second * sine;
            result[j + half] = second * cosine + first * sine;
          }
          for (var j = end; j < (row + 1) * uniforms.numElements; j += half) { result[j] = qkv[j]; }
        }`;
      const run = {
        key: `rotate_${isGradient}`,
        inputs: { qkv, angles: given(inputs, "angles") },
        isWide,
        integers: { numRows, half, numElements: width / components, numTurned: (numTurnedHeads * headSize) / components },
        workgroupSize,
        numWorkgroups: Math.ceil((numRows * half) / workgroupSize),
        source,
        shape: [numRows, width],
      };
      return [runFlat(backend, run)];
    },
  };
}
