import * as tf from "@tensorflow/tfjs-core";
import { packingFor } from "@tutti/core";
import { hasFused, runFused } from "./fusedKernels.ts";
import type { Linear } from "./linear.ts";
import type { Norm } from "./norm.ts";
import type { MapPart, VectorMap, VectorNorm, VectorPlan } from "./vectorPlan.ts";
import { arrangeOnGpu } from "./webgpu/arrangement.ts";

/** Lays maps and norms out one after the other, as the current backend's kernels read them. */
export interface VectorPlanner {
  map(parts: readonly MapPart[], numIn: number, form?: { readonly isInterleaved?: boolean; readonly isScaled?: boolean }): VectorMap;
  norm(width: number, weight: number, bias: number | null): VectorNorm;
  /** What was laid out; `scale` multiplies the scaled parts. */
  plan(scale: number): VectorPlan;
}

/** Whether the current backend has kernels for weights in a vector, and they take matrices of these shapes. */
export function hasVectorMaps(shapes: readonly (readonly number[])[]): boolean {
  if (!hasFused("TuttiShift")) return false;
  if (tf.getBackend() === "webgpu") return true;
  return shapes.every((shape) => shape.every((size) => size % 8 === 0));
}

/** A planner for the current backend. */
export function createVectorPlanner(): VectorPlanner {
  const [maps, norms]: [VectorMap[], VectorNorm[]] = [[], []];
  let numArranged = 0;
  const place = (count: number) => {
    numArranged += count;
    return numArranged - count;
  };
  // WASM: panels of Wᵀ for the product, then those of W for its gradient
  const { map, norm } =
    tf.getBackend() === "webgpu"
      ? arrangeOnGpu(place)
      : {
          map: (numOut: number, numIn: number) => ({ weightAt: place(2 * numOut * numIn), biasAt: place(numOut) }),
          norm: (width: number) => ({ weightAt: place(width), biasAt: place(width) }),
        };
  return {
    map(parts, numIn, { isInterleaved = false, isScaled = false } = {}) {
      const numOut = parts.reduce((sum, { numRows }) => sum + numRows, 0);
      maps.push({ numIn, numOut, parts, isInterleaved, isScaled, ...map(numOut, numIn) });
      return maps[maps.length - 1];
    },
    norm(width, weight, bias) {
      norms.push({ width, weight, bias, ...norm(width) });
      return norms[norms.length - 1];
    },
    plan: (scale) => ({ maps, norms, scale, numArranged }),
  };
}

/** W + Δ of everything in the plan, arranged; `frozen` and `values`, behind which more may follow, lie as the plan's parts say. */
export function shift(values: tf.Tensor1D, frozen: tf.Tensor1D, plan: VectorPlan): tf.Tensor1D {
  return runFused("TuttiShift", { values, frozen }, plan as object as Record<string, number>)[0] as tf.Tensor1D;
}

/** The map over the arranged vector. */
export function linearOver(arranged: tf.Tensor1D, { numIn, numOut, parts, weightAt, biasAt }: VectorMap): Linear {
  const bias = parts[0].bias === null ? null : arranged;
  if (tf.getBackend() !== "webgpu") {
    return {
      layout: "unpacked",
      forward: { layout: "panels", matrix: arranged, numOut, first: weightAt },
      backward: { layout: "panels", matrix: arranged, numOut: numIn, first: weightAt + numOut * numIn },
      bias,
      firstBias: biasAt,
    };
  }
  const sizes = { ...packingFor("f32"), numIn, numOut };
  const form = { ...sizes, scaleStart: 0, numScaledRows: 0, rowScale: 1, firstWord: weightAt, firstBias: biasAt };
  return { layout: "packed", words: arranged, bias, form };
}

/** The norm over the arranged vector. */
export function normOver(arranged: tf.Tensor1D, { bias, weightAt, biasAt }: VectorNorm, epsilon: number): Norm {
  return {
    kind: bias === null ? "rms" : "layer",
    weight: arranged,
    bias: bias === null ? null : arranged,
    epsilon,
    firstWeight: weightAt,
    firstBias: biasAt,
  };
}
