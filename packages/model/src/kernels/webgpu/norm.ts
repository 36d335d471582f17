import type { TensorInfo } from "@tensorflow/tfjs-core";
import { runFlat } from "./flatProgram.ts";
import { type GpuContext, type GpuKernel, type GpuTraits, given } from "./gpuKernel.ts";
import { type Lanes, laneKey, reductionSource } from "./reduction.ts";

interface NormAttributes {
  readonly kind: "layer" | "rms";
  readonly epsilon: number;
  readonly numRows: number;
  /** Where weight and bias begin in their buffers; multiples of four where the width is one. */
  readonly firstWeight?: number;
  readonly firstBias?: number;
  /** Of a gradient: mean and 1/σ of each row follow, two of four numbers. */
  readonly hasTail?: boolean;
}

/** LayerNorm and RMSNorm of the first `numRows` rows, and their gradients, which take mean and variance from x again. */
export function normKernels(context: GpuContext): { readonly TuttiNormRows: GpuKernel; readonly TuttiNormRowsGradient: GpuKernel } {
  return {
    TuttiNormRows(inputs, attributes) {
      const operands: Record<string, TensorInfo> = { x: given(inputs, "x"), weight: given(inputs, "weight") };
      if (inputs.bias !== undefined) operands.bias = inputs.bias;
      return [runNorm(context, operands, attributes as object as NormAttributes, forwardBody)];
    },
    TuttiNormRowsGradient(inputs, attributes) {
      const operands: Record<string, TensorInfo> = { dy: given(inputs, "dy"), x: given(inputs, "x"), weight: given(inputs, "weight") };
      if (inputs.residual !== undefined) operands.residual = inputs.residual;
      return [runNorm(context, operands, attributes as object as NormAttributes, gradientBody)];
    },
  };
}

/** What a program's source depends on beside the lanes. */
interface BodyForm {
  readonly isCentred: boolean;
  /** A bias, or a residual in a gradient. */
  readonly hasLast: boolean;
  readonly hasTail: boolean;
  readonly isWide: boolean;
}

/** Rows that hold four numbers of each row. */
function tailRows(numRows: number, width: number): number {
  return Math.ceil((4 * numRows) / width);
}

function runNorm(
  { backend, traits }: GpuContext,
  inputs: Readonly<Record<string, TensorInfo>>,
  { kind, epsilon, numRows, firstWeight = 0, firstBias = 0, hasTail = false }: NormAttributes,
  body: (form: BodyForm) => string,
): TensorInfo {
  const width = inputs.x.shape[1];
  const isWide = width % 4 === 0;
  const components = isWide ? 4 : 1;
  const numElements = width / components;
  const lanes = lanesOf(traits(), numElements);
  const workgroupSize = Math.max(32, lanes.size);
  const isGradient = "dy" in inputs;
  const form = { isCentred: kind === "layer", hasLast: "bias" in inputs || "residual" in inputs, hasTail: isGradient && hasTail, isWide };
  return runFlat(backend, {
    key: ["norm", kind, isGradient, form.hasLast, form.hasTail, laneKey(lanes)].join("_"),
    inputs,
    isWide,
    integers: { numRows, width, numElements, firstWeight: firstWeight / components, firstBias: firstBias / components },
    numbers: { epsilon },
    workgroupSize,
    numWorkgroups: Math.ceil((numRows * lanes.size) / workgroupSize),
    shape: [numRows + (form.hasTail ? tailRows(numRows, width) : 0), width],
    source: `
      ${reductionSource({ name: "total", type: "vec4<f32>", operation: "add" }, lanes)}
      fn main(index : i32) {
        let row = index / ${lanes.size};
        let lane = index % ${lanes.size};
        let start = min(row, uniforms.numRows - 1) * uniforms.numElements;
        let share = 1.0 / f32(uniforms.width);
        ${kind === "layer" ? meanSource(lanes.size) : ""}
        ${body(form).replaceAll("STEP", `${lanes.size}`)}
      }`,
  });
}

/** A workgroup per row that reduces in its memory, or an invocation per row: four of them side by side are as fast as sharing rows would be. */
function lanesOf({ variant, hasSubgroups }: GpuTraits, numElements: number): Lanes {
  if (variant === "registers") return { size: 1, hasSubgroups: false };
  return { size: numElements > 256 ? 128 : 64, hasSubgroups };
}

const meanSource = (step: number): string => `
        var sum = T(0.0);
        for (var i = lane; i < uniforms.numElements; i += ${step}) { sum += x[start + i]; }
        let mean = total(vec4<f32>(sumOf(sum), 0.0, 0.0, 0.0), 0).x * share;`;

/** The second pass also sums what rounding left of the mean, so that rows far from zero keep their digits. */
function forwardBody({ isCentred, hasLast: hasBias }: BodyForm): string {
  return `
        var rest = T(0.0);
        var squares = T(0.0);
        for (var i = lane; i < uniforms.numElements; i += STEP) {
          let d = x[start + i]${isCentred ? " - mean" : ""};
          ${isCentred ? "rest += d;" : ""}
          squares += d * d;
        }
        let all = total(vec4<f32>(sumOf(rest), sumOf(squares), 0.0, 0.0), 1) * share;
        let inverse = inverseSqrt(max(all.y - all.x * all.x, 0.0) + uniforms.epsilon);
        if (row >= uniforms.numRows) { return; }
        for (var i = lane; i < uniforms.numElements; i += STEP) {
          let d = x[start + i]${isCentred ? " - mean - all.x" : ""};
          result[start + i] = d * inverse * weight[uniforms.firstWeight + i]${hasBias ? " + bias[uniforms.firstBias + i]" : ""};
        }`;
}

function gradientBody(form: BodyForm): string {
  const { isCentred, hasLast: hasResidual } = form;
  return `
        var rest = T(0.0);
        var squares = T(0.0);
        var slope = T(0.0);
        var along = T(0.0);
        for (var i = lane; i < uniforms.numElements; i += STEP) {
          let d = x[start + i]${isCentred ? " - mean" : ""};
          let s = dy[start + i] * weight[uniforms.firstWeight + i];
          squares += d * d;
          along += s * d;
          ${isCentred ? "rest += d; slope += s;" : ""}
        }
        let all = total(vec4<f32>(sumOf(rest), sumOf(squares), sumOf(slope), sumOf(along)), 1) * share;
        let inverse = inverseSqrt(max(all.y - all.x * all.x, 0.0) + uniforms.epsilon);
        let towards = (all.w - all.x * all.z) * inverse * inverse;
        if (row >= uniforms.numRows) { return; }
        ${form.hasTail ? tailSource(form) : ""}
        for (var i = lane; i < uniforms.numElements; i += STEP) {
          let d = x[start + i]${isCentred ? " - mean - all.x" : ""};
          let s = dy[start + i] * weight[uniforms.firstWeight + i]${isCentred ? " - all.z" : ""};
          result[start + i] = (s - d * towards) * inverse${hasResidual ? " + residual[start + i]" : ""};
        }`;
}

/** Mean and 1/σ of the row behind the gradient, where the weight's gradient reads them. */
const tailSource = ({ isCentred, isWide }: BodyForm): string => {
  const [mean, tail] = [isCentred ? "mean + all.x" : "0.0", "uniforms.numRows * uniforms.numElements"];
  const write = isWide
    ? `result[${tail} + row] = T(${mean}, inverse, 0.0, 0.0);`
    : `result[${tail} + 4 * row] = ${mean}; result[${tail} + 4 * row + 1] = inverse;`;
  return `if (lane == 0) { ${write} }`;
};
