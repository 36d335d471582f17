import { parentPort, type TransferListItem } from "node:worker_threads";
import { createStrategy, type Params } from "@tutti/core";
import type { MergedState, MergeOrder, ToThread } from "./aggregator.ts";
import { unpack } from "./packing.ts";

const arrays: Float32Array[] = [];

parentPort?.on("message", (told: ToThread) => {
  if ("arrays" in told) {
    arrays.push(...told.arrays);
    return;
  }
  // as this process packed it
  const merged = mergedOf(unpack({ skeleton: told.skeleton, arrays }) as MergeOrder);
  parentPort?.postMessage(merged, buffersOf(merged));
  parentPort?.close();
});

function mergedOf({ run, state, plan, contributions }: MergeOrder): MergedState {
  const known = new Map<Params[string], string>(Object.entries(state.tensors).map(([name, tensor]) => [tensor, name]));
  const { values, tensors } = createStrategy(run).aggregate(state, plan, contributions);
  return { values, tensors: Object.entries(tensors).map(([name, tensor]) => [name, known.get(tensor) ?? tensor]) };
}

/** What is new is handed over and not copied. */
function buffersOf({ tensors }: MergedState): TransferListItem[] {
  const buffers = tensors.flatMap(([, tensor]) =>
    typeof tensor === "string" || !(tensor.data.buffer instanceof ArrayBuffer) ? [] : [tensor.data.buffer],
  );
  return [...new Set(buffers)];
}
