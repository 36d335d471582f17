import { type DeviceState, maxMagnitude as largestOf, type Params, type Shapes, type Stage } from "@tutti/core";
import { limits } from "./limits.ts";
import { type Refusal, refuse } from "./rules.ts";

/** The train task that a device state belongs to, as far as the state must fit it (P-124). */
export interface StateExpectation {
  readonly stage: Stage;
  /** Steps that were taken of K_i. */
  readonly numSteps: number;
  /** Of every parameter that the run trains. */
  readonly trained: Shapes;
  /** Of what travels back, which does not stay on the device. */
  readonly shared: Shapes;
  /** Whether anything stays on the device. */
  readonly isPersonalised: boolean;
  /** Whether devices train at ranks of their own, narrower than the run's. */
  readonly hasOwnRanks: boolean;
  /** The components that are alive in the task; absent where that is not said. */
  readonly live?: readonly number[];
  /** Largest global norm of a step's gradient, which bounds the moments. */
  readonly clipNorm: number;
}

/** Why a device's state does not fit its task (P-124), or null. */
export function checkDeviceState(state: DeviceState, expected: StateExpectation): Refusal | null {
  return (
    checkSteps(state, expected) ?? checkLive(state, expected) ?? checkLocal(state.local, expected) ?? checkMoments(state.moments, expected)
  );
}

function checkSteps({ stage, stageSteps, moments }: DeviceState, expected: StateExpectation): Refusal | null {
  if (stage !== expected.stage) return wrong(`stage ${stage ?? "none"}, expected ${expected.stage}`);
  if (stageSteps < expected.numSteps) return wrong(`${stageSteps} steps in the stage, expected ${expected.numSteps} or more`);
  if (moments !== null && moments.step < expected.numSteps)
    return wrong(`${moments.step} steps of the moments, expected ${expected.numSteps} or more`);
  return null;
}

/** Moments are of the components that the task had. */
function checkLive({ live }: DeviceState, expected: StateExpectation): Refusal | null {
  return live?.join() === expected.live?.join() ? null : wrong("live: it names other components than the task");
}

function checkLocal(local: Params, expected: StateExpectation): Refusal | null {
  for (const name of Object.keys(local)) {
    if (!expected.isPersonalised) return wrong(`local:${name} is there, but nothing of this task stays on the device`);
    if (Object.hasOwn(expected.shared, name)) return wrong(`local:${name} is there, but it travels back in this task`);
  }
  return checkTensors(local, { prefix: "local:", most: limits.maxMagnitude }, expected);
}

function checkMoments(moments: DeviceState["moments"], expected: StateExpectation): Refusal | null {
  if (moments === null) return null;
  // A velocity with momentum 0.9 sums to ten gradients; each is clipped, and a correction within the bound of parameters may be added.
  const most = 10 * (limits.maxMagnitude + expected.clipNorm);
  const ofM = checkTensors(moments.m, { prefix: "m:", most }, expected);
  if (ofM !== null) return ofM;
  const negative = Object.entries(moments.v).find(([, { data }]) => data.some((value) => value < 0));
  if (negative !== undefined) return wrong(`v:${negative[0]} holds a value below 0`);
  return checkTensors(moments.v, { prefix: "v:", most: most ** 2 }, expected);
}

interface TensorRule {
  readonly prefix: string;
  /** Largest magnitude. */
  readonly most: number;
}

function checkTensors(params: Params, { prefix, most }: TensorRule, { trained, shared, hasOwnRanks }: StateExpectation): Refusal | null {
  for (const [name, tensor] of Object.entries(params)) {
    const wanted = Object.hasOwn(shared, name) ? shared[name] : Object.hasOwn(trained, name) ? trained[name] : undefined;
    if (wanted === undefined) return wrong(`${prefix}${name} is not a parameter that this run trains`);
    const fits = tensor.shape.length === wanted.length && tensor.shape.every((size, axis) => isSize(size, wanted[axis] ?? 0, hasOwnRanks));
    if (!fits) return wrong(`${prefix}${name}: shape [${tensor.shape.join(",")}], expected [${wanted.join(",")}]`);
    const largest = largestOf({ [name]: tensor });
    if (!(largest <= most)) return wrong(`${prefix}${name}: largest magnitude ${largest}, at most ${most} is allowed`);
  }
  return null;
}

function isSize(size: number, wanted: number, hasOwnRanks: boolean): boolean {
  return hasOwnRanks ? size <= wanted : size === wanted;
}

function wrong(what: string): Refusal {
  return refuse("P-124", `device state: ${what}`.slice(0, limits.maxReason));
}
