import { parentPort, type TransferListItem } from "node:worker_threads";
import { createStrategy, type Params } from "@tutti/core";
import type { MergedState } from "./aggregator.ts";
import { type MergeOrder, type OrderPart, orderOf } from "./orderParts.ts";

const parts: OrderPart[] = [];

parentPort?.on("message", (part: OrderPart) => {
  parts.push(part);
  const order = orderOf(part.kind === "rest" ? parts : []);
  if (order === null) return;
  const merged = mergedOf(order);
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
