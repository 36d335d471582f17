import { isComputeKind, ruleOf } from "@tutti/core";
import type { OrderRefusal, StepPlace } from "@tutti/protocol";
import type { CoordinatorConfig } from "../config.ts";
import { placeOf } from "../orders/orderBook.ts";
import { type CurrentStep, closeStep, type OpenStep } from "./openStep.ts";

/** The step that can be closed early, or why none can. */
export type Cuttable = { readonly place: StepPlace } | { readonly refused: string; readonly why: OrderRefusal };

/** Whether the open step may close with what is in: one contribution at least, and as many as the rule of aggregation needs. */
export function cuttable({ step }: CurrentStep, { run }: Pick<CoordinatorConfig, "run">): Cuttable {
  if (step === null || step.isOver) return { refused: "no step is open: there is nothing to close", why: { kind: "noOpenStep" } };
  const leases = [...step.leases.values()];
  if (leases.some(({ task }) => isComputeKind(task.spec.kind)))
    return { refused: "this step is a compute client’s: it ends by itself", why: { kind: "computeStep" } };
  const numIn = leases.filter(({ accepted }) => accepted !== null).length;
  const fewest = ruleOf(run)?.needs.fewest ?? 1;
  if (numIn >= fewest) return { place: placeOf(step.plan) };
  const found = numIn === 0 ? "nothing is in yet" : `${numIn} of ${leases.length} contributions are in`;
  return {
    refused: `${found}, and the round needs ${fewest} at least: wait a moment, or send away who does not answer`,
    why: { kind: "tooFewIn", numIn, numTasks: leases.length, needed: fewest },
  };
}

/** Closes a step with what is in; whoever has not answered is not held against it. */
export function cutShort(step: OpenStep | null): void {
  if (step === null) return;
  step.isCutShort = true;
  closeStep(step, "unneeded");
}
