import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { AdamWAttributes } from "../adamWAttributes.ts";
import { runFlat } from "./flatProgram.ts";
import { type GpuContext, type GpuKernel, type GpuTraits, given, type KernelAttributes, type KernelInputs } from "./gpuKernel.ts";
import { type Lanes, laneKey, reductionSource } from "./reduction.ts";

interface MomentumAttributes extends Pick<AdamWAttributes, "learningRate" | "weightDecay" | "clipNorm"> {
  readonly momentum: number;
}

/** What tells one optimiser's step from another's. */
interface Method {
  readonly name: "adamW" | "momentum";
  readonly numPlanes: number;
  readonly numbers: Readonly<Record<string, number>>;
  /** `g` is the clipped gradient at `i`, `size` the length of a plane. */
  readonly body: string;
}

/**
 * One step of AdamW on values, m and v, or of SGD with momentum on values and velocity, which lie one after the other: the gradient's squares in
 * parts, then the clipped step. The gradient goes through a dropout first where there is one.
 */
export function optimizerKernels(context: GpuContext): Record<"TuttiAdamW" | "TuttiMomentum" | "TuttiDropOut", GpuKernel> {
  return {
    TuttiAdamW: (inputs, attributes) => {
      const numbers = numbersOf(attributes as object as AdamWAttributes);
      return [runStep(context, inputs, attributes, { name: "adamW", numPlanes: 3, numbers, body: adamWBody })];
    },
    TuttiMomentum: (inputs, attributes) => {
      const { learningRate, weightDecay, clipNorm, momentum } = attributes as object as MomentumAttributes;
      const numbers = { rate: learningRate, keep: 1 - learningRate * weightDecay, clipNorm, momentum };
      return [runStep(context, inputs, attributes, { name: "momentum", numPlanes: 2, numbers, body: momentumBody })];
    },
    TuttiDropOut: (inputs, { size, scale }) => {
      const numValues = Number(size);
      const result = runFlat(context.backend, {
        key: "dropOut",
        inputs: { vector: given(inputs, "vector"), words: given(inputs, "words") },
        isWide: false,
        integers: { numValues },
        numbers: { scale: Number(scale) },
        workgroupSize: 64,
        numWorkgroups: Math.ceil(numValues / 64),
        shape: [numValues],
        source: `
          ${factorSource(false)}
          fn main(index : i32) { if (index < uniforms.numValues) { result[index] = vector[index] * factorAt(index); } }`,
      });
      return [result];
    },
  };
}

function runStep({ backend, traits }: GpuContext, inputs: KernelInputs, { scale = 1 }: KernelAttributes, method: Method): TensorInfo {
  const [state, gradient] = [given(inputs, "state"), given(inputs, "gradient")];
  const size = gradient.shape[0];
  const isWide = size % 4 === 0;
  const numElements = isWide ? size / 4 : size;
  const plan = planOf(traits(), numElements);
  const dropped: Record<string, TensorInfo> = inputs.words === undefined ? {} : { words: inputs.words };
  const corrected: Record<string, TensorInfo> = inputs.correction === undefined ? {} : { correction: inputs.correction };
  const form = { hasDropout: inputs.words !== undefined, isCorrected: inputs.correction !== undefined };
  const key = [method.name, form.hasDropout, form.isCorrected, laneKey(plan.lanes)].join("_");
  const squares = runFlat(backend, {
    key: `squares_${key}`,
    inputs: { gradient, ...dropped },
    isWide: false,
    integers: { size },
    numbers: { scale: Number(scale) },
    workgroupSize: plan.workgroupSize,
    numWorkgroups: plan.numSummingGroups,
    shape: [plan.numParts],
    source: squaresSource(plan, form.hasDropout),
  });
  const result = runFlat(backend, {
    key: `step_${key}`,
    inputs: { state, gradient, squares, ...dropped, ...corrected },
    isWide,
    integers: { numElements, numInvocations: plan.numSteppingGroups * plan.workgroupSize },
    numbers: { ...method.numbers, scale: Number(scale) },
    workgroupSize: plan.workgroupSize,
    numWorkgroups: plan.numSteppingGroups,
    shape: [method.numPlanes, size],
    source: stepSource(plan, { ...form, isWide, body: method.body }),
  });
  backend.disposeData(squares.dataId);
  return result;
}

/** `factorAt(i)`: what the dropout does to the i-th value, or four. */
function factorSource(isWide: boolean): string {
  const factor = (code: string) => `select(0.0, select(1.0, uniforms.scale, (${code} & 2) != 0), (${code} & 1) != 0)`;
  return isWide
    ? `fn factorAt(i : i32) -> vec4<f32> {
          let code = words[i >> 2u] >> u32(8 * (i & 3));
          return vec4<f32>(${[0, 2, 4, 6].map((bit) => factor(`(code >> ${bit}u)`)).join(", ")});
        }`
    : `fn factorAt(i : i32) -> f32 { let code = words[i >> 4u] >> u32(2 * (i & 15)); return ${factor("code")}; }`;
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
function squaresSource({ lanes, workgroupSize, numSummingGroups }: Plan, hasDropout: boolean): string {
  const numInvocations = workgroupSize * numSummingGroups;
  return `
      ${reductionSource({ name: "total", type: "f32", operation: "add" }, lanes)}
      ${hasDropout ? factorSource(false) : ""}
      fn main(index : i32) {
        var sum = 0.0;
        for (var i = index; i < uniforms.size; i += ${32 * numInvocations}) {
          let end = min(uniforms.size, i + ${32 * numInvocations});
          var run = 0.0;
          for (var j = i; j < end; j += ${numInvocations}) { let g = gradient[j]${hasDropout ? " * factorAt(j)" : ""}; run += g * g; }
          sum += run;
        }
        let all = total(sum, 0);
        if (index % ${lanes.size} == 0) { result[index / ${lanes.size}] = all; }
      }`;
}

interface StepForm {
  readonly isWide: boolean;
  readonly hasDropout: boolean;
  readonly isCorrected: boolean;
  readonly body: string;
}

/** Every invocation takes the norm from the sums, then steps values a stride apart. */
function stepSource({ lanes, numParts }: Plan, { isWide, hasDropout, isCorrected, body }: StepForm): string {
  return `
      ${reductionSource({ name: "total", type: "f32", operation: "add" }, lanes)}
      ${hasDropout ? factorSource(isWide) : ""}
      fn main(index : i32) {
        var parts = T(0.0);
        for (var i = index % ${lanes.size}; i < ${isWide ? numParts / 4 : numParts}; i += ${lanes.size}) { parts += squares[i]; }
        let clip = min(1.0, uniforms.clipNorm / (sqrt(total(sumOf(parts), 0)) + 1e-6));
        let size = uniforms.numElements;
        for (var i = index; i < size; i += uniforms.numInvocations) {
          let g = gradient[i]${hasDropout ? " * factorAt(i)" : ""} * clip${isCorrected ? " + correction[i]" : ""};
          ${body}
        }
      }`;
}

const adamWBody = `
          let m = state[size + i] * uniforms.beta1 + g * uniforms.rest1;
          let v = state[2 * size + i] * uniforms.beta2 + g * g * uniforms.rest2;
          let moved = state[i] - m / (sqrt(v) + uniforms.epsilon) * uniforms.rate;
          result[i] = moved * uniforms.keep;
          result[size + i] = m;
          result[2 * size + i] = v;`;

const momentumBody = `
          let velocity = state[size + i] * uniforms.momentum + g;
          result[i] = (state[i] - velocity * uniforms.rate) * uniforms.keep;
          result[size + i] = velocity;`;
