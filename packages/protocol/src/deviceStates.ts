import type { DeviceState, Params, Stage, Tensor } from "@tutti/core";
import { CodecError, type CodecLimits, decodeParams, encodeParams } from "./codec.ts";

const stepsName = "steps";
const liveName = "live";
const stages: readonly Stage[] = ["score", "count", "train"];
/** From here on f32 cannot count. */
const maxCount = 2 ** 24;

/** A device's state in the codec, f32 throughout, so that nothing is lost (P-56). */
export function encodeDeviceState({ local, moments, stageSteps, stage, live }: DeviceState): Uint8Array<ArrayBuffer> {
  const momentStep = moments?.step ?? -1;
  if (Math.max(stageSteps, momentStep) >= maxCount) throw new CodecError("P-56", `device state: it has more than ${maxCount} steps`);
  const steps: Tensor = { shape: [3], data: Float32Array.of(stageSteps, momentStep, stage === undefined ? -1 : stages.indexOf(stage)) };
  const alive = live === undefined ? {} : { [liveName]: { shape: [live.length], data: Float32Array.from(live) } };
  return encodeParams(
    {
      [stepsName]: steps,
      ...alive,
      ...withPrefix(local, "local:"),
      ...withPrefix(moments?.m ?? {}, "m:"),
      ...withPrefix(moments?.v ?? {}, "v:"),
    },
    "f32",
  );
}

/** The state that was encoded. Throws a `CodecError` and nothing else. */
export function decodeDeviceState(bytes: Uint8Array | ArrayBuffer, maximum?: CodecLimits): DeviceState {
  const params = decodeParams(bytes, maximum);
  const [stageSteps = Number.NaN, momentStep = Number.NaN, stageIndex = Number.NaN, ...rest] = params[stepsName]?.data ?? [];
  const stage = stages[stageIndex];
  if (!isCount(stageSteps) || !(isCount(momentStep) || momentStep === -1) || !(stage || stageIndex === -1) || rest.length > 0) {
    throw new CodecError("P-56", "device state: the tensor steps must hold the stage's steps, the moments' step and the stage's number");
  }
  const state = { local: ofPrefix(params, "local:"), m: ofPrefix(params, "m:"), v: ofPrefix(params, "v:") };
  const numMoments = Object.keys(state.m).length + Object.keys(state.v).length;
  const live = params[liveName];
  const numOwn = live === undefined ? 1 : 2;
  if (numOwn + Object.keys(state.local).length + numMoments !== Object.keys(params).length) {
    throw new CodecError("P-56", "device state: every name but steps and live must start with local:, m: or v:");
  }
  if (live?.data.some((word) => !(Number.isInteger(word) && word >= 0 && word <= 0xffff)) === true) {
    throw new CodecError("P-56", "device state: the tensor live must hold words of 16 bits");
  }
  if (momentStep === -1 && numMoments > 0) throw new CodecError("P-56", "device state: it has moments, but not their step");
  const moments = momentStep === -1 ? null : { m: state.m, v: state.v, step: momentStep };
  return {
    local: state.local,
    moments,
    stageSteps,
    ...(stage === undefined ? {} : { stage }),
    ...(live === undefined ? {} : { live: [...live.data] }),
  };
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < maxCount;
}

function withPrefix(params: Params, prefix: string): Params {
  return Object.fromEntries(Object.entries(params).map(([name, tensor]) => [prefix + name, tensor]));
}

function ofPrefix(params: Params, prefix: string): Params {
  const chosen = Object.entries(params).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(chosen.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
