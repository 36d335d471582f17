import { parentPort, workerData } from "node:worker_threads";
import { createStrategy, type Params } from "@tutti/core";
import type { MergedState, MergeOrder } from "./aggregator.ts";

const { run, state, plan, contributions } = workerData as MergeOrder;
const known = new Map<Params[string], string>(Object.entries(state.tensors).map(([name, tensor]) => [tensor, name]));
const { values, tensors } = createStrategy(run).aggregate(state, plan, contributions);
const merged: MergedState = { values, tensors: Object.entries(tensors).map(([name, tensor]) => [name, known.get(tensor) ?? tensor]) };
parentPort?.postMessage(merged);
