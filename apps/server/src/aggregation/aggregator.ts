import { setImmediate } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import {
  aggregationWork,
  type Contribution,
  createStrategy,
  type Json,
  type Params,
  type RoundPlan,
  type RunSettings,
  type Strategy,
  type StrategyState,
} from "@tutti/core";
import { startThread } from "@tutti/data/node";
import { type MergeOrder, type OrderPart, orderParts } from "./orderParts.ts";

/** A step's contributions → the state after it, at once where it is computed here. */
export type Aggregate = (
  state: StrategyState,
  plan: RoundPlan,
  contributions: readonly Contribution[],
) => StrategyState | Promise<StrategyState>;

/** A part of what the thread answers, which it sends when it is asked for the next one; the last part alone has values. */
export interface MergedPart {
  readonly tensors: MergedState["tensors"];
  readonly values: MergedState["values"] | null;
}

/** What the thread answers, all parts together. */
interface MergedState {
  readonly values: { readonly [key: string]: Json };
  /** By name: a tensor, or the name under which the state before has it. */
  readonly tensors: readonly (readonly [string, Params[string] | string])[];
}

/** Where aggregation runs. */
export interface AggregatorOptions {
  readonly run: RunSettings;
  readonly strategy: Strategy;
  /** The method that it adds steps to, where it is one: a large merge is a step of this. */
  readonly method?: Strategy | undefined;
  /** Multiplications from which a step leaves this thread, since sockets are not answered while it computes; about a fifth of a second by default. */
  readonly threadFrom?: number | undefined;
  /** Ends a thread that computes. */
  readonly signal: AbortSignal;
}

const usualThreadFrom = 2e8;

/**
 * Aggregates here what is quick, and in a thread what takes long: the same numbers either way. An aborted step answers the state before, which
 * nobody is to keep. What a module of somebody else's computes stays here: the thread does not have it.
 */
export function createAggregator({ run, strategy, method = strategy, threadFrom = usualThreadFrom, signal }: AggregatorOptions): Aggregate {
  const isDeclared = run.strategy.name !== "module" && method === createStrategy(run);
  return (state, plan, contributions) => {
    if (!isDeclared || aggregationWork(run, contributions, plan) < threadFrom) return strategy.aggregate(state, plan, contributions);
    return inThread({ run, state, plan, contributions }, signal).then((merged) =>
      merged === null ? state : { values: merged.values, tensors: tensorsOf(merged, state) },
    );
  };
}

/** What the step left alone stays the same object, so that the journal stores only what changed. */
function tensorsOf({ tensors }: MergedState, before: StrategyState): Params {
  const entries = tensors.map(([name, tensor]) => {
    if (typeof tensor !== "string") return [name, tensor] as const;
    const kept = before.tensors[tensor];
    if (kept === undefined) throw new Error(`tensor ${name}: the merge kept ${tensor}, which the state before does not have`);
    return [name, kept] as const;
  });
  return Object.fromEntries(entries);
}

/** Null when the signal ended it. */
function inThread(order: MergeOrder, signal: AbortSignal): Promise<MergedState | null> {
  const thread: Worker = startThread(import.meta.url, "mergeThread", null);
  return new Promise((resolve, reject) => {
    const stop = () => {
      void thread.terminate();
      resolve(null);
    };
    const settled = () => signal.removeEventListener("abort", stop);
    const { stage, round } = order.plan;
    const tensors: MergedPart["tensors"][number][] = [];
    thread.on("message", (part: MergedPart) => {
      tensors.push(...part.tensors);
      if (part.values === null) {
        void setImmediate().then(() => thread.postMessage({ kind: "next" } satisfies OrderPart));
        return;
      }
      settled();
      resolve({ values: part.values, tensors });
    });
    thread.once("error", (cause) => {
      settled();
      reject(new Error(`${stage} round ${round}: the merge failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause }));
    });
    thread.once("exit", (code) => {
      settled();
      reject(new Error(`${stage} round ${round}: the thread that merges ended with code ${code} before it answered; start the run again`));
    });
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    handOver(thread, order, signal).catch(reject);
  });
}

/** Copies the order to the thread part by part: all at once it would stop sockets for as long as a copy of all updates takes. */
async function handOver(thread: Worker, order: MergeOrder, signal: AbortSignal): Promise<void> {
  for (const part of orderParts(order)) {
    if (signal.aborted) return;
    thread.postMessage(part);
    await setImmediate();
  }
}
