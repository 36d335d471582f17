import { runFlat } from "./flatProgram.ts";
import { type GpuContext, type GpuKernel, type GpuTraits, given } from "./gpuKernel.ts";
import { type Lanes, laneKey, reductionSource } from "./reduction.ts";

interface AdamWAttributes {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
  /** Counts from 1. */
  readonly step: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** One step of AdamW on values, m and v, which lie one after the other: the gradient's squares in parts, then the clipped step. */
export function adamWKernels({ backend, traits }: GpuContext): { readonly TuttiAdamW: GpuKernel } {
  return {
    TuttiAdamW(inputs, attributes) {
      const settings = attributes as object as AdamWAttributes;
      const [state, gradient] = [given(inputs, "state"), given(inputs, "gradient")];
      const size = gradient.shape[0];
      const isWide = size % 4 === 0;
      const numElements = isWide ? size / 4 : size;
      const plan = planOf(traits(), numElements);
      const squares = runFlat(backend, {
        key: `adamWSquares_${laneKey(plan.lanes)}`,
        inputs: { gradient },
        isWide: false,
        integers: { size },
        workgroupSize: plan.workgroupSize,
        numWorkgroups: plan.numSummingGroups,
        shape: [plan.numParts],
        source: squaresSource(plan),
      });
      const result = runFlat(backend, {
        key: `adamWStep_${laneKey(plan.lanes)}`,
        inputs: { state, gradient, squares },
        isWide,
        integers: { numElements, numInvocations: plan.numSteppingGroups * plan.workgroupSize },
        numbers: numbersOf(settings),
        workgroupSize: plan.workgroupSize,
        numWorkgroups: plan.numSteppingGroups,
        shape: [3, size],
        source: stepSource(plan, isWide),
      });
      backend.disposeData(squares.dataId);
      return [result];
    },
  };
}

/** What changes with the step and the settings; never part of a source. */
function numbersOf({ learningRate, weightDecay, clipNorm, step, beta1, beta2, epsilon }: AdamWAttributes): Record<string, number> {
  return {
    rate: (learningRate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step),
    keep: 1 - learningRate * weightDecay,
    clipNorm,
    beta1,
    rest1: 1 - beta1,
    beta2,
    rest2: 1 - beta2,
    epsilon,
  };
}

interface Plan {
  /** Those that leave one sum of squares together: a workgroup, or without barriers an invocation. */
  readonly lanes: Lanes;
  readonly workgroupSize: number;
  readonly numSummingGroups: number;
  /** Sums of squares that the first program leaves. */
  readonly numParts: number;
  readonly numSteppingGroups: number;
}

function planOf({ variant, hasSubgroups }: GpuTraits, numElements: number): Plan {
  const isShared = variant === "shared";
  const lanes = isShared ? { size: 64, hasSubgroups } : { size: 1, hasSubgroups: false };
  const workgroupSize = isShared ? lanes.size : 32;
  const numSummingGroups = isShared ? 256 : 4;
  return {
    lanes,
    workgroupSize,
    numSummingGroups,
    numParts: (numSummingGroups * workgroupSize) / lanes.size,
    numSteppingGroups: Math.min(isShared ? 1024 : 64, Math.ceil(numElements / workgroupSize)),
  };
}

/** Squares in runs of 32, so that rounding does not grow with the gradient's length. */
function squaresSource({ lanes, workgroupSize, numSummingGroups }: Plan): string {
  const numInvocations = workgroupSize * numSummingGroups;
  return `
      ${reductionSource({ name: "total", type: "f32", operation: "add" }, lanes)}
      fn main(index : i32) {
        var sum = 0.0;
        for (var i = index; i < uniforms.size; i += ${32 * numInvocations}) {
          let end = min(uniforms.size, i + ${32 * numInvocations});
          var run = 0.0;
          for (var j = i; j < end; j += ${numInvocations}) { run += gradient[j] * gradient[j]; }
          sum += run;
        }
        let all = total(sum, 0);
        if (index % ${lanes.size} == 0) { result[index / ${lanes.size}] = all; }
      }`;
}

/** Every invocation takes the norm from the sums, then steps values a stride apart. */
function stepSource({ lanes, numParts }: Plan, isWide: boolean): string {
  return `
      ${reductionSource({ name: "total", type: "f32", operation: "add" }, lanes)}
      fn main(index : i32) {
        var parts = T(0.0);
        for (var i = index % ${lanes.size}; i < ${isWide ? numParts / 4 : numParts}; i += ${lanes.size}) { parts += squares[i]; }
        let clip = min(1.0, uniforms.clipNorm / (sqrt(total(sumOf(parts), 0)) + 1e-6));
        let size = uniforms.numElements;
        for (var i = index; i < size; i += uniforms.numInvocations) {
          let g = gradient[i] * clip;
          let m = state[size + i] * uniforms.beta1 + g * uniforms.rest1;
          let v = state[2 * size + i] * uniforms.beta2 + g * g * uniforms.rest2;
          let moved = state[i] - m / (sqrt(v) + uniforms.epsilon) * uniforms.rate;
          result[i] = moved * uniforms.keep;
          result[size + i] = m;
          result[2 * size + i] = v;
        }
      }`;
}
