import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { type GpuContext, type GpuKernel, given, type KernelAttributes, type KernelInputs, listed, sizeOf } from "./gpuKernel.ts";
import { finishKey } from "./packedEpilogue.ts";
import { movementUniforms, movementValues } from "./packedMovement.ts";
import type { PackedProduct } from "./packedProgram.ts";
import { quadProduct } from "./packedQuads.ts";
import { tileProduct } from "./packedTiles.ts";

/** Attributes of both kernels. */
interface PackedAttributes extends Omit<PackedProduct, "isGradient" | "hasBias" | "hasResidual" | "hasScaledRows" | "isMoved"> {
  /** Where the scales begin, in words. */
  readonly scaleStart: number;
  /** How many of W's first rows are multiplied by `rowScale`. */
  readonly numScaledRows: number;
  readonly rowScale: number;
  /** Where W and the bias begin in their buffers. */
  readonly firstWord?: number;
  readonly firstBias?: number;
  /** As `packedLinear` hands it over. */
  readonly movement?: readonly number[];
  readonly numRows: number;
  readonly isTraining: boolean;
}

/** Products with packed matrices, whose words are arranged by `arrangeWords`. */
export function packedKernels({ backend, traits }: GpuContext): Record<"TuttiPackedLinear" | "TuttiPackedLinearGradient", GpuKernel> {
  const run = (inputs: KernelInputs, attributes: KernelAttributes, isGradient: boolean): TensorInfo[] => {
    const given = attributes as object as PackedAttributes;
    const { bias, residual } = inputs;
    const product: PackedProduct = {
      ...given,
      isGradient,
      hasTail: !isGradient && given.hasTail,
      hasBias: bias !== undefined,
      hasResidual: residual !== undefined,
      hasScaledRows: given.numScaledRows > 0,
      isMoved: !isGradient && given.movement !== undefined,
    };
    const { variant, hasSubgroups } = traits();
    return [runProduct(backend, product, { ...given, inputs, hasQuads: variant === "registers" && hasSubgroups })];
  };
  return {
    TuttiPackedLinear: (inputs, attributes) => run(inputs, attributes, false),
    TuttiPackedLinearGradient: (inputs, attributes) => run(inputs, attributes, true),
  };
}

interface Run extends PackedAttributes {
  readonly inputs: KernelInputs;
  readonly hasQuads: boolean;
}

function runProduct(backend: WebGPUBackend, product: PackedProduct, run: Run): TensorInfo {
  const { numRows, numIn, numOut, scaleStart, numScaledRows, rowScale, firstWord = 0, firstBias = 0, inputs } = run;
  const { encoding, groupSize, isGradient, epilogue } = product;
  const { key, workgroupSize, dispatch, leftComponents, source } = (run.hasQuads ? quadProduct : tileProduct)(product, run);
  const optional = Object.entries({
    bias: inputs.bias,
    residual: inputs.residual,
    delta: product.isMoved ? given(inputs, "delta") : undefined,
    kept: epilogue === "none" || !isGradient ? undefined : given(inputs, "kept"),
  });
  const operands = [
    ["x", given(inputs, isGradient ? "dy" : "x")] as const,
    ["words", given(inputs, "words")] as const,
    ...optional.flatMap(([name, info]) => (info === undefined ? [] : [[name, info] as const])),
  ];
  const shape = resultShape(product, numRows);
  const result = backend.runWebGPUProgram(
    {
      variableNames: operands.map(([name]) => name),
      variableComponents: operands.map(([name]) => (name === "x" ? leftComponents : 1)),
      outputShape: [sizeOf(shape)],
      outputComponent: 1,
      dispatchLayout: { x: [0] },
      dispatch,
      workgroupSize,
      shaderKey: ["tuttiPacked", encoding, groupSize, key, finishKey(product), product.isMoved].join("_"),
      uniforms:
        "numRows : i32, numIn : i32, numOut : i32, scaleStart : i32, numScaledRows : i32, firstWord : i32, firstBias : i32, rowScale : f32," +
        (product.isMoved ? movementUniforms : ""),
      getUserCode: source,
    },
    operands.map(([, operand]) => listed(operand)),
    "float32",
    [
      ...[numRows, numIn, numOut, scaleStart, numScaledRows, firstWord, firstBias].map((value) => ({ type: "int32", data: [value] })),
      { type: "float32", data: [rowScale] },
      ...(product.isMoved ? movementValues(run.movement ?? []) : []),
    ],
  );
  return { ...result, shape };
}

/** Rows and width of a result with its tail. */
function resultShape({ isGradient, epilogue, hasTail, numIn, numOut }: PackedProduct, numRows: number): [number, number] {
  if (isGradient) return [numRows, epilogue === "swiglu" ? 2 * numIn : numIn];
  if (epilogue === "swiglu") return [(hasTail ? 3 : 1) * numRows, numOut / 2];
  return [(hasTail && epilogue !== "none" ? 2 : 1) * numRows, numOut];
}
