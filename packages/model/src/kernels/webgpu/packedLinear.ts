import type { TensorInfo } from "@tensorflow/tfjs";
import type { GpuContext, GpuKernel } from "./gpuKernel.ts";
import { type PackedProduct, packedProgram } from "./packedProgram.ts";

/** Attributes of `TuttiPackedLinear`, whose inputs are x, words and, where there is one, bias. */
export interface PackedAttributes extends Omit<PackedProduct, "hasBias" | "hasScaledRows"> {
  /** Where the scales begin, in words. */
  readonly scaleStart: number;
  /** How many of W's first rows are multiplied by `rowScale`. */
  readonly numScaledRows: number;
  readonly rowScale: number;
}

/** Products with packed matrices. */
export function packedKernels({ backend }: GpuContext): { readonly TuttiPackedLinear: GpuKernel } {
  return {
    TuttiPackedLinear(inputs, attributes) {
      const { x, words, bias } = inputs as { readonly x: TensorInfo; readonly words: TensorInfo; readonly bias?: TensorInfo };
      const product = attributes as object as PackedAttributes;
      const { numIn, numOut, scaleStart, numScaledRows, rowScale } = product;
      const program = packedProgram({ ...product, hasBias: bias !== undefined, hasScaledRows: numScaledRows > 0 }, x.shape[0]);
      const uniforms = [numIn, numOut, scaleStart, numScaledRows].map((value) => ({ type: "int32", data: [value] }));
      const operands = bias === undefined ? [x, words] : [x, words, bias];
      return [backend.runWebGPUProgram(program, operands, "float32", [...uniforms, { type: "float32", data: [rowScale] }])];
    },
  };
}
