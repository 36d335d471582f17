import { isFrozenSet, isResidualSet, type Params } from "@tutti/core";
import type { TrainerTask } from "./trainer.ts";

/** Sets of parameters that this trainer knows what to do with. */
const knownSets: readonly string[] = ["global", "initial", "correction", "frozen", "search", "told", "accumulators", "changed"];

/** Throws where a task is not one that this trainer can do with the examples that its device holds. */
export function requireDoable({ deviceId, parameterSets, expects }: TrainerTask, numExamples: number): void {
  const unknown = Object.keys(parameterSets).find((name) => !knownSets.includes(name) && !isFrozenSet(name) && !isResidualSet(name));
  if (unknown !== undefined) {
    throw new Error(`the task needs a set of parameters "${unknown}", but this page knows ${knownSets.join(", ")}: reload it`);
  }
  if (expects.numExamples !== numExamples) {
    const found = `device ${deviceId} holds ${numExamples} examples, its task is for ${expects.numExamples}`;
    throw new Error(`${found}: join again with the data that it was registered with`);
  }
}

/** Throws where what a device trains is not what its task wants back. */
export function requireShapes(trained: Params, { expects }: TrainerTask): void {
  for (const [name, shape] of Object.entries(expects.shapes)) {
    const found = trained[name]?.shape;
    if (found === undefined) throw new Error(`tensor ${name}: the task wants it back, but this device does not train it`);
    if (found.length === shape.length && found.every((size, axis) => size === shape[axis])) continue;
    throw new Error(`tensor ${name}: the task wants shape [${shape.join(",")}] back, but this device trains [${found.join(",")}]`);
  }
}

/** Throws where a task needs the backward pass that does not fit this device. */
export function requireForward({ deviceId, spec }: Pick<TrainerTask, "deviceId" | "spec">): void {
  const isForward = spec.kind === "train" ? spec.forward !== undefined : spec.kind !== "score" && spec.kind !== "probe";
  if (isForward) return;
  throw new Error(
    `device ${deviceId} computes forward passes alone, and its ${spec.kind} task needs a backward pass: another device can do it`,
  );
}
