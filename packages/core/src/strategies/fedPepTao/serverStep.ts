import { type Params, requireSameShapes, type Tensor } from "../../params.ts";
import type { DeviceId } from "../../task.ts";
import { type ContributionOf, exampleWeights } from "../averaging.ts";

/** What the server remembers between rounds of Stage C; an absent tensor counts as 0. */
export interface ServerMemory {
  /** c. */
  readonly control: Params;
  /** c_i. */
  readonly controls: ReadonlyMap<DeviceId, Params>;
  /** V. */
  readonly momentum: Params;
  /** D of the round before; empty in round 1. */
  readonly displacement: Params;
}

export interface ServerStepOptions {
  /** t = 0: the average is taken as it is. */
  readonly isFirst: boolean;
  /** Devices that were sampled, in sampling order; those that did not contribute are passed over. */
  readonly samplingOrder: readonly DeviceId[];
  /** The most steps with which a device counts in the mean of the control variates' changes; null for no limit. */
  readonly maxCountedSteps: number | null;
  /** ρ: contributions / N. */
  readonly participation: number;
  /** η. */
  readonly clientLearningRate: number;
  /** η_s of this round. */
  readonly serverLearningRate: number;
  /** β. */
  readonly momentum: number;
  readonly serverStep: "parallel" | "sequential";
  readonly pseudoGradient: "difference" | "displacement";
  readonly controlVariates: boolean;
}

export interface ServerStepResult {
  /** W⁺. */
  readonly params: Params;
  /** The memory after the step; `controls` holds the contributors' c_i⁺ alone. */
  readonly memory: ServerMemory;
}

/**
 * Adaptive aggregation of one round (fedpeptao.md §5, steps 5 to 8), from W as the devices decoded it. Contributions in device order.
 * Sums run in float64, what is kept is rounded to f32.
 */
export function serverStep(
  sent: Params,
  contributions: readonly ContributionOf<"train">[],
  memory: ServerMemory,
  options: ServerStepOptions,
): ServerStepResult {
  const order = new Map(options.samplingOrder.map((id, index) => [id, index]));
  const place = (index: number) => order.get(contributions[index].deviceId) ?? order.size;
  const shares: Shares = {
    weights: exampleWeights(contributions),
    steps: contributions.map(positiveSteps),
    maxSteps: options.maxCountedSteps ?? Number.POSITIVE_INFINITY,
    order: contributions.map((_, index) => index).sort((a, b) => place(a) - place(b)),
  };
  for (const { body } of contributions) requireSameShapes(sent, body.delta);
  const params: Record<string, Tensor> = {};
  const control: Record<string, Tensor> = {};
  const momentum: Record<string, Tensor> = {};
  const displacement: Record<string, Tensor> = {};
  const controls = contributions.map((): Record<string, Tensor> => ({}));
  for (const [name, { shape, data }] of Object.entries(sent)) {
    const next = stepTensor(
      data,
      {
        deltas: contributions.map(({ body }) => body.delta[name].data),
        controls: contributions.map(({ deviceId }) => memory.controls.get(deviceId)?.[name]?.data ?? null),
        control: memory.control[name]?.data ?? null,
        momentum: memory.momentum[name]?.data ?? null,
        displacement: memory.displacement[name]?.data ?? null,
      },
      shares,
      options,
    );
    params[name] = { shape, data: next.params };
    if (next.momentum !== null) momentum[name] = { shape, data: next.momentum };
    if (next.displacement !== null) displacement[name] = { shape, data: next.displacement };
    if (next.control !== null) control[name] = { shape, data: next.control };
    for (const [index, data] of next.controls.entries()) controls[index][name] = { shape, data };
  }
  const byDevice = options.controlVariates
    ? contributions.map(({ deviceId }, index): [DeviceId, Params] => [deviceId, controls[index]])
    : [];
  return { params, memory: { control, controls: new Map(byDevice), momentum, displacement } };
}

interface Shares {
  /** p_i. */
  readonly weights: readonly number[];
  /** K_i. */
  readonly steps: readonly number[];
  /** With which a device counts at most. */
  readonly maxSteps: number;
  /** Indices of the contributions in sampling order. */
  readonly order: readonly number[];
}

/** One tensor's part of the contributions and of the memory; null is 0. */
interface TensorPart {
  /** y_i − W. */
  readonly deltas: readonly Float32Array[];
  readonly controls: readonly (Float32Array | null)[];
  readonly control: Float32Array | null;
  readonly momentum: Float32Array | null;
  readonly displacement: Float32Array | null;
}

interface SteppedTensor {
  readonly params: Float32Array;
  readonly control: Float32Array | null;
  readonly controls: readonly Float32Array[];
  readonly momentum: Float32Array | null;
  readonly displacement: Float32Array | null;
}

function stepTensor(sent: Float32Array, part: TensorPart, shares: Shares, options: ServerStepOptions): SteppedTensor {
  const mean = weightedMean(part.deltas, shares.weights, sent.length); // A − W
  const average = mean.map((value, j) => sent[j] + value); // A
  const variates = options.controlVariates ? stepControls(part, shares, options) : null;
  const kept = {
    control: variates === null ? null : Float32Array.from(variates.control),
    controls: variates?.controls ?? [],
    displacement: options.pseudoGradient === "difference" ? Float32Array.from(mean, (value) => -value) : null, // D = W − A
  };
  if (options.isFirst) return { ...kept, params: Float32Array.from(average), momentum: part.momentum };
  const pull = pullOf(mean, part.displacement, variates?.control ?? null, options);
  const stepped =
    options.serverStep === "parallel"
      ? stepTogether(average, pull, part.momentum, variates?.meanControl ?? null, options)
      : stepOneByOne(average, pull, part.momentum, { ...shares, controls: kept.controls }, options);
  return { ...kept, ...stepped };
}

/** c_i⁺ = c_i − c + (W − y_i)/(K_i η) and c⁺ = c + ρ Σ K_i (c_i⁺ − c_i) / Σ K_i (step 6). */
function stepControls(part: TensorPart, { weights, steps, maxSteps }: Shares, options: ServerStepOptions) {
  const size = part.deltas[0].length;
  const zero = new Float32Array(size);
  const global = part.control ?? zero;
  const meanControl = new Float64Array(size); // Σ p_i c_i⁺
  const change = new Float64Array(size); // Σ K_i (c_i⁺ − c_i)
  const controls = part.deltas.map((delta, index) => {
    const before = part.controls[index] ?? zero;
    const after = new Float32Array(size);
    const weight = weights[index];
    const numSteps = steps[index];
    const counted = Math.min(numSteps, maxSteps);
    const factor = 1 / (numSteps * options.clientLearningRate);
    for (let j = 0; j < size; j++) {
      const difference = -global[j] - delta[j] * factor;
      const value = before[j] + difference;
      after[j] = value;
      meanControl[j] += weight * value;
      change[j] += counted * difference;
    }
    return after;
  });
  const factor = options.participation / steps.reduce((sum, numSteps) => sum + Math.min(numSteps, maxSteps), 0);
  return { controls, meanControl, control: change.map((value, j) => global[j] + factor * value) };
}

/** (1−β) G + c⁺, what every form of the step adds to βV (steps 7 and 8). */
export function pullOf(
  mean: Float64Array,
  before: Float32Array | null,
  control: Float64Array | null,
  { momentum, pseudoGradient }: ServerStepOptions,
): Float64Array {
  const isDifference = pseudoGradient === "difference";
  return mean.map((value, j) => {
    const gradient = isDifference && before !== null ? before[j] + value : isDifference ? value : -value;
    return (1 - momentum) * gradient + (control === null ? 0 : control[j]);
  });
}

/** V⁺ = βV + (1−β)G + c⁺ − Σ p_i c_i⁺ and W⁺ = A − η_s V⁺. */
export function stepTogether(
  average: Float64Array,
  pull: Float64Array,
  before: Float32Array | null,
  meanControl: Float64Array | null,
  { momentum, serverLearningRate }: ServerStepOptions,
) {
  const after = pull.map((value, j) => (before === null ? 0 : momentum * before[j]) + value - (meanControl === null ? 0 : meanControl[j]));
  return { momentum: Float32Array.from(after), params: Float32Array.from(average, (value, j) => value - serverLearningRate * after[j]) };
}

/** For the devices in sampling order v = βv + (1−β)G + c⁺ − c_i⁺, x = x − η_s v; then W⁺ = Σ p_i x_i, V⁺ = Σ p_i v_i. */
function stepOneByOne(
  average: Float64Array,
  pull: Float64Array,
  before: Float32Array | null,
  shares: Shares & { readonly controls: readonly Float32Array[] },
  { momentum, serverLearningRate }: ServerStepOptions,
) {
  const size = average.length;
  const x = average.slice();
  const v = before === null ? new Float64Array(size) : Float64Array.from(before);
  const params = new Float64Array(size);
  const velocity = new Float64Array(size);
  for (const index of shares.order) {
    const weight = shares.weights[index];
    const control = shares.controls[index] ?? new Float32Array(size);
    for (let j = 0; j < size; j++) {
      v[j] = momentum * v[j] + pull[j] - control[j];
      x[j] -= serverLearningRate * v[j];
      params[j] += weight * x[j];
      velocity[j] += weight * v[j];
    }
  }
  return { momentum: Float32Array.from(velocity), params: Float32Array.from(params) };
}

function weightedMean(deltas: readonly Float32Array[], weights: readonly number[], size: number): Float64Array {
  const mean = new Float64Array(size);
  for (const [index, delta] of deltas.entries()) {
    const weight = weights[index];
    for (let j = 0; j < size; j++) mean[j] += weight * delta[j];
  }
  return mean;
}

/** K_i; throws, naming the device, where it is not at least 1. */
export function positiveSteps({ deviceId, body }: ContributionOf<"train">): number {
  if (!(body.numSteps >= 1)) throw new Error(`device ${deviceId}: numSteps is ${body.numSteps}, expected at least 1`);
  return body.numSteps;
}
