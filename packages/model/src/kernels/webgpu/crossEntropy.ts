import type { TensorInfo } from "@tensorflow/tfjs-core";
import { type FlatProgram, runFlat } from "./flatProgram.ts";
import { type GpuContext, type GpuKernel, given } from "./gpuKernel.ts";
import { laneKey, reductionSource } from "./reduction.ts";

/** Operands and sizes of one call. */
interface Call {
  readonly inputs: { readonly logits: TensorInfo; readonly targets: TensorInfo; readonly weights: TensorInfo };
  readonly numRows: number;
  readonly numClasses: number;
  readonly shape: readonly [number, number];
}

/** Weighted cross-entropy of rows of logits and its gradient: the gradient's rows, then the rows' losses one after the other, then zeros. */
export function crossEntropyKernels(context: GpuContext): { readonly TuttiCrossEntropy: GpuKernel } {
  return {
    TuttiCrossEntropy(inputs, attributes) {
      const { numRows } = attributes as { readonly numRows: number };
      const logits = given(inputs, "logits");
      const numClasses = logits.shape[1];
      const call: Call = {
        inputs: { logits, targets: given(inputs, "targets"), weights: given(inputs, "weights") },
        numRows,
        numClasses,
        shape: [numRows + Math.ceil(numRows / numClasses), numClasses],
      };
      return [context.traits().variant === "shared" ? runShared(context, call) : runRegisters(context, call)];
    },
  };
}

/** Stands in for the largest logit before there is one: finite, so that no difference is infinite less infinite. */
const lowest = "-0x1.fffffep+127f";

/** The loss of a row from its largest logit and the sum of exp(logit − largest). */
const writeLoss = `
  fn writeLoss(row : i32, peak : f32, sum : f32) {
    let loss = log(sum) - (logits[row * uniforms.numClasses + targets[row]] - peak);
    result[uniforms.numRows * uniforms.numClasses + row] = weights[row] * loss;
  }`;

/** Zeros behind the last loss, to the end of its row. */
const writeZeros = `
  fn writeZeros(index : i32, step : i32) {
    for (var i = uniforms.numRows * (uniforms.numClasses + 1) + index; i < uniforms.numValues; i += step) { result[i] = 0.0; }
  }`;

/** A workgroup per row: the largest, then the exponentials and their sum, then the gradient. */
function runShared({ backend, traits }: GpuContext, { inputs, numRows, numClasses, shape }: Call): TensorInfo {
  const size = numClasses > 1024 ? 256 : 64;
  const lanes = { size, hasSubgroups: traits().hasSubgroups };
  return runFlat(backend, {
    key: `crossEntropy_${laneKey(lanes)}`,
    inputs,
    isWide: false,
    integers: { numRows, numClasses, numValues: shape[0] * shape[1] },
    workgroupSize: size,
    numWorkgroups: numRows,
    shape,
    source: `
      ${reductionSource({ name: "highest", type: "f32", operation: "max" }, lanes)}
      ${reductionSource({ name: "total", type: "f32", operation: "add" }, lanes)}
      ${writeLoss}
      ${writeZeros}
      fn main(index : i32) {
        let row = index / ${size};
        let lane = index % ${size};
        let start = min(row, uniforms.numRows - 1) * uniforms.numClasses;
        let end = start + uniforms.numClasses;
        var largest = ${lowest};
        for (var i = start + lane; i < end; i += ${size}) { largest = max(largest, logits[i]); }
        let peak = highest(largest, 0);
        var sum = 0.0;
        for (var i = start + lane; i < end; i += ${size}) {
          let value = exp(logits[i] - peak);
          if (row < uniforms.numRows) { result[i] = value; }
          sum += value;
        }
        let all = total(sum, 0);
        if (row >= uniforms.numRows) { return; }
        let factor = weights[row] / all;
        let answer = start + targets[row];
        for (var i = start + lane; i < end; i += ${size}) { result[i] = result[i] * factor - select(0.0, weights[row], i == answer); }
        if (lane == 0) { writeLoss(row, peak, all); }
        writeZeros(index, uniforms.numRows * ${size});
      }`,
  });
}

const workgroupSize = 32;

/** Without barriers: each of a few invocations per row looks at its part of it; then each has them all and writes its part of the gradient. */
function runRegisters({ backend }: GpuContext, { inputs, numRows, numClasses, shape }: Call): TensorInfo {
  const numParts = 4 * Math.min(16, Math.ceil(numClasses / 2048));
  const size = { workgroupSize, numWorkgroups: Math.ceil((numRows * numParts) / workgroupSize), isWide: false };
  const integers = { numRows, numClasses, numParts };
  const start = `
        let row = index / uniforms.numParts;
        if (row >= uniforms.numRows) { return; }
        let lane = index % uniforms.numParts;
        let start = row * uniforms.numClasses;
        let end = start + uniforms.numClasses;`;
  const partial: FlatProgram = {
    ...size,
    key: "crossEntropyParts",
    inputs: { logits: inputs.logits },
    integers,
    shape: [numRows, 2, numParts],
    source: `
      fn main(index : i32) {
        ${start}
        var peak = ${lowest};
        for (var i = start + lane; i < end; i += uniforms.numParts) { peak = max(peak, logits[i]); }
        var sum = 0.0;
        for (var i = start + lane; i < end; i += uniforms.numParts) { sum += exp(logits[i] - peak); }
        result[2 * row * uniforms.numParts + lane] = peak;
        result[(2 * row + 1) * uniforms.numParts + lane] = sum;
      }`,
  };
  const parts = runFlat(backend, partial);
  const result = runFlat(backend, {
    ...size,
    key: "crossEntropyGradient",
    inputs: { ...inputs, parts },
    integers: { ...integers, numValues: shape[0] * shape[1] },
    shape,
    source: `
      ${writeLoss}
      ${writeZeros}
      fn main(index : i32) {
        ${start}
        let first = 2 * row * uniforms.numParts;
        var peak = ${lowest};
        for (var i = first; i < first + uniforms.numParts; i++) { peak = max(peak, parts[i]); }
        var sum = 0.0;
        for (var i = first; i < first + uniforms.numParts; i++) { sum += parts[i + uniforms.numParts] * exp(parts[i] - peak); }
        let factor = weights[row] / sum;
        let answer = start + targets[row];
        for (var i = start + lane; i < end; i += uniforms.numParts) {
          result[i] = exp(logits[i] - peak) * factor - select(0.0, weights[row], i == answer);
        }
        if (lane == 0) { writeLoss(row, peak, sum); }
        writeZeros(index, uniforms.numRows * uniforms.numParts);
      }`,
  });
  backend.disposeData(parts.dataId);
  return result;
}
