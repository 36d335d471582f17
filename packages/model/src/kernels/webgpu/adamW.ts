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
      const plan = planOf(traits(), size);
      const squares = runFlat(backend, {
        key: `adamWSquares_${plan.key}`,
        inputs: { gradient },
        isWide: false,
        integers: { size },
        workgroupSize: plan.workgroupSize,
        numWorkgroups: plan.numSummingGroups,
        shape: [plan.numParts],
        source: squaresSource(plan),
      });
      const result = runFlat(backend, {
        key: `adamWStep_${plan.key}`,
        inputs: { state, gradient, squares },
        isWide: false,
        integers: { size, numInvocations: plan.numSteppingGroups * plan.workgroupSize },
        numbers: numbersOf(settings),
        workgroupSize: plan.workgroupSize,
        numWorkgroups: plan.numSteppingGroups,
        shape: [3, size],
        source: stepSource(plan),
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
  readonly key: string;
  readonly workgroupSize: number;
  /** Sums of squares that the first program leaves, one per workgroup or, without barriers, one per invocation. */
  readonly numParts: number;
  readonly numSummingGroups: number;
  readonly numSteppingGroups: number;
  /** Null without barriers. */
  readonly lanes: Lanes | null;
}

function planOf({ variant, hasSubgroups }: GpuTraits, size: number): Plan {
  const isShared = variant === "shared";
  const lanes = isShared ? { size: 64, hasSubgroups } : null;
  const workgroupSize = lanes?.size ?? 32;
  const numSummingGroups = isShared ? 256 : 4;
  return {
    key: lanes === null ? "registers" : laneKey(lanes),
    workgroupSize,
    numParts: isShared ? numSummingGroups : numSummingGroups * workgroupSize,
    numSummingGroups,
    numSteppingGroups: Math.min(isShared ? 1024 : 64, Math.ceil(size / workgroupSize)),
    lanes,
  };
}

/** Squares in runs of 32, so that rounding does not grow with the gradient's length. */
function squaresSource({ workgroupSize, numSummingGroups, lanes }: Plan): string {
  const numInvocations = workgroupSize * numSummingGroups;
  return `
      ${lanes === null ? "" : reductionSource({ name: "total", type: "f32", operation: "add" }, lanes)}
      fn main(index : i32) {
        var sum = 0.0;
        for (var i = index; i < uniforms.size; i += ${32 * numInvocations}) {
          let end = min(uniforms.size, i + ${32 * numInvocations});
          var part = 0.0;
          for (var j = i; j < end; j += ${numInvocations}) { part += gradient[j] * gradient[j]; }
          sum += part;
        }
        ${lanes === null ? "result[index] = sum;" : `let all = total(sum, 0); if (localIndex == 0u) { result[index / ${workgroupSize}] = all; }`}
      }`;
}

function stepSource({ numParts, lanes }: Plan): string {
  const all =
    lanes === null
      ? `var all = 0.0; for (var i = 0; i < ${numParts}; i++) { all += squares[i]; }`
      : `var part = 0.0; for (var i = i32(localIndex); i < ${numParts}; i += ${lanes.size}) { part += squares[i]; } let all = total(part, 0);`;
  return `
      ${lanes === null ? "" : reductionSource({ name: "total", type: "f32", operation: "add" }, lanes)}
      fn main(index : i32) {
        ${all}
        let clip = min(1.0, uniforms.clipNorm / (sqrt(all) + 1e-6));
        let size = uniforms.size;
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
