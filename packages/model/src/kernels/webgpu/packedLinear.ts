import type { GpuContext, GpuKernel, KernelAttributes, KernelInputs } from "./gpuKernel.ts";
import { given } from "./gpuKernel.ts";
import { type PackedProduct, packedProgram } from "./packedProgram.ts";

/** Attributes of both kernels. */
export interface PackedAttributes extends Omit<PackedProduct, "hasBias" | "hasScaledRows" | "isGradient"> {
  /** Where the scales begin, in words. */
  readonly scaleStart: number;
  /** How many of W's first rows are multiplied by `rowScale`. */
  readonly numScaledRows: number;
  readonly rowScale: number;
  readonly numRows: number;
  readonly epilogue: string;
}

/** Products with packed matrices. */
export function packedKernels({ backend }: GpuContext): Record<"TuttiPackedLinear" | "TuttiPackedLinearGradient", GpuKernel> {
  const run = (inputs: KernelInputs, attributes: KernelAttributes, isGradient: boolean) => {
    const x = given(inputs, isGradient ? "dy" : "x");
    const words = given(inputs, "words");
    const { bias } = inputs;
    const product = attributes as object as PackedAttributes;
    const { numIn, numOut, scaleStart, numScaledRows, rowScale, numRows, epilogue } = product;
    if (epilogue !== "none" || inputs.residual !== undefined) throw new Error(`packed product: epilogue ${epilogue} is not there yet`);
    const program = packedProgram({ ...product, isGradient, hasBias: bias !== undefined, hasScaledRows: numScaledRows > 0 }, numRows);
    const uniforms = [numIn, numOut, scaleStart, numScaledRows].map((value) => ({ type: "int32", data: [value] }));
    const operands = bias === undefined ? [x, words] : [x, words, bias];
    return [backend.runWebGPUProgram(program, operands, "float32", [...uniforms, { type: "float32", data: [rowScale] }])];
  };
  return {
    TuttiPackedLinear: (inputs, attributes) => run(inputs, attributes, false),
    TuttiPackedLinearGradient: (inputs, attributes) => run(inputs, attributes, true),
  };
}
