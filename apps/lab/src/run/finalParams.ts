import {
  type DeviceId,
  frozenOf,
  isResidualName,
  omitNames,
  type Params,
  pickNames,
  type RoundPlan,
  residualOf,
  roundTrip,
  taskParams,
} from "@tutti/core";
import type { RunOutcome } from "@tutti/server";

/**
 * The parameters with which every device answered an evaluate step: the shared ones as they travelled, those that nobody trains, its own
 * elsewhere, and where it has none those that it starts from.
 */
export function evaluatedParams(plan: RoundPlan, states: RunOutcome["deviceStates"]): ReadonlyMap<DeviceId, Params> {
  return new Map(
    plan.tasks.map((task) => {
      const { global: shared, initial, ...others } = taskParams(plan, task);
      const local = states.get(task.deviceId)?.local;
      return [task.deviceId, { ...shared, ...initial, ...local, ...shared, ...frozenOf(others), ...residualOf(others) }];
    }),
  );
}

/** Of a run whose parameters follow from a pool of seeds: every device answers with the same ones. */
export function pooledParams({ run, globalParams }: Pick<RunOutcome, "run" | "globalParams">): ReadonlyMap<DeviceId, Params> {
  return new Map(Array.from({ length: run.numDevices }, (_, deviceId) => [deviceId, globalParams]));
}

/** The same from what a run keeps, where its last evaluation was planned by an earlier process. */
export function keptParams({ run, globalParams, newcomerParams, deviceStates }: RunOutcome): ReadonlyMap<DeviceId, Params> {
  const shared = roundTrip(globalParams, run.paramsEncoding);
  const residual = Object.keys(newcomerParams).filter(isResidualName); // in f32
  const initial = roundTrip(omitNames(newcomerParams, [...Object.keys(globalParams), ...residual]), run.paramsEncoding);
  const devices = Array.from({ length: run.numDevices }, (_, deviceId) => deviceId);
  return new Map(
    devices.map((deviceId) => [
      deviceId,
      { ...initial, ...deviceStates.get(deviceId)?.local, ...shared, ...pickNames(newcomerParams, residual) },
    ]),
  );
}

/** Every trained parameter as a device without its own gets it for an evaluate step. */
export function newcomerParams(plan: RoundPlan): Params {
  const [task] = plan.tasks;
  if (task === undefined) return {};
  const { global, initial } = taskParams(plan, task);
  return { ...initial, ...global };
}

/** Whether a step asks every device for its part of the test split under the global protocol. */
export function isGlobalEvaluation({ tasks }: RoundPlan): boolean {
  const spec = tasks[0]?.spec;
  return spec?.kind === "evaluate" && spec.protocols.includes("global") && spec.splits.includes("test");
}
