import { sizeOf } from "@tutti/core";
import { calls, taskIdSchema } from "@tutti/protocol";
import type { DeviceRecord } from "./deviceStore.ts";

/** Whether a value that was read from a file is a whole device record: a damaged one may still be a value of another kind. */
export function isDeviceRecord(value: unknown): value is DeviceRecord {
  if (!isTable(value)) return false;
  const { deviceId, version, state, pending } = value;
  if (!Number.isSafeInteger(deviceId) || !(version === null || taskIdSchema.safeParse(version).success)) return false;
  return isState(state) && (pending === null || (isTable(pending) && isSubmit(pending.submit) && isState(pending.state)));
}

function isSubmit(value: unknown): boolean {
  return calls.submit.request.safeParse(value).success;
}

function isState(value: unknown): boolean {
  if (value === null) return true;
  if (!isTable(value) || !isParams(value.local) || !isCount(value.stageSteps)) return false;
  const { moments, stage } = value;
  if (!(stage === undefined || stage === "score" || stage === "count" || stage === "train")) return false;
  return moments === null || (isTable(moments) && isParams(moments.m) && isParams(moments.v) && isCount(moments.step));
}

function isParams(value: unknown): boolean {
  return isTable(value) && Object.values(value).every(isTensor);
}

function isTensor(value: unknown): boolean {
  if (!isTable(value) || !(value.data instanceof Float32Array) || !Array.isArray(value.shape)) return false;
  return value.shape.every(isCount) && sizeOf(value.shape) === value.data.length;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
