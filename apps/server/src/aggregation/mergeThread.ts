import { parentPort, type TransferListItem } from "node:worker_threads";
import { createStrategy, type Params } from "@tutti/core";
import type { MergedPart } from "./aggregator.ts";
import { type MergeOrder, type OrderPart, orderOf } from "./orderParts.ts";

const parts: OrderPart[] = [];
let answer: Iterator<MergedPart> | null = null;
/** Buffers of several new tensors. */
const shared = new Set<ArrayBufferLike>();

parentPort?.on("message", (part: OrderPart) => {
  if (part.kind !== "next") parts.push(part);
  const order = part.kind === "rest" ? orderOf(parts) : null;
  if (order !== null) answer = mergedParts(order);
  const next = answer?.next();
  if (next === undefined || next.done === true) return;
  parentPort?.postMessage(next.value, buffersOf(next.value));
  if (next.value.values !== null) parentPort?.close();
});

/** Tensors of one part: to receive them takes a few milliseconds, though they are not copied. */
const partLength = 200;

function* mergedParts({ run, state, plan, contributions }: MergeOrder): Generator<MergedPart> {
  const known = new Map<Params[string], string>(Object.entries(state.tensors).map(([name, tensor]) => [tensor, name]));
  const merged = createStrategy(run).aggregate(state, plan, contributions);
  const tensors = Object.entries(merged.tensors).map(([name, tensor]) => [name, known.get(tensor) ?? tensor] as const);
  const seen = new Set<ArrayBufferLike>();
  for (const [, tensor] of tensors) {
    if (typeof tensor === "string") continue;
    if (seen.has(tensor.data.buffer)) shared.add(tensor.data.buffer);
    seen.add(tensor.data.buffer);
  }
  let at = 0;
  for (; at + partLength < tensors.length; at += partLength) yield { tensors: tensors.slice(at, at + partLength), values: null };
  yield { tensors: tensors.slice(at), values: merged.values };
}

/** What is new is handed over and not copied, but for what several tensors share: they may be in several parts. */
function buffersOf({ tensors }: MergedPart): TransferListItem[] {
  const buffers = tensors.flatMap(([, tensor]) =>
    typeof tensor === "string" || !(tensor.data.buffer instanceof ArrayBuffer) || shared.has(tensor.data.buffer)
      ? []
      : [tensor.data.buffer],
  );
  return [...new Set(buffers)];
}
