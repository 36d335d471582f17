import type { RoundPlan } from "@tutti/core";
import type { RunUsage } from "@tutti/record";
import type { CoordinatorEvent } from "@tutti/server";

/** What usage is measured with; a test hands in its own. */
export interface UsagePorts {
  nowSeconds(): number;
  /** Of this run's clients; null where it cannot be read. */
  processorSeconds(): number | null;
  /** Of other programs than the lab on this run's cores; null where it cannot be read. */
  foreignSeconds(): number | null;
  /** Cores that are this run's: all of them times its share of the pool. */
  readonly numCores: number;
}

/** Follows a run's events and tells how its cores were used. */
export interface UsageMeter {
  on(event: { readonly kind: CoordinatorEvent["kind"]; readonly plan?: RoundPlan }): void;
  usage(): RunUsage;
}

/** A meter for one run; what an earlier process did is not measured. */
export function createUsageMeter({ nowSeconds, processorSeconds, foreignSeconds, numCores }: UsagePorts): UsageMeter {
  let trainSeconds = 0;
  let usedSeconds: number | null = 0;
  let takenSeconds = 0;
  let workedSeconds = 0;
  let first: number | null = null;
  let last = 0;
  let open: {
    readonly at: number;
    readonly used: number | null;
    readonly taken: number | null;
    readonly isTraining: boolean;
    lastIn: number;
  } | null = null;
  return {
    on(event) {
      const now = nowSeconds();
      if (event.kind === "accepted" && open !== null) open.lastIn = now;
      if (event.kind === "planned" && event.plan !== undefined) {
        first ??= now;
        const isTraining = event.plan.tasks[0]?.spec.kind === "train";
        open = {
          at: now,
          used: isTraining ? processorSeconds() : null,
          taken: isTraining ? foreignSeconds() : null,
          isTraining,
          lastIn: now,
        };
      }
      if (event.kind !== "closed" || open === null) return;
      workedSeconds += open.lastIn - open.at;
      last = now;
      if (open.isTraining) {
        const used = processorSeconds();
        trainSeconds += now - open.at;
        takenSeconds += Math.max(0, (foreignSeconds() ?? 0) - (open.taken ?? 0));
        usedSeconds = used === null || open.used === null || usedSeconds === null ? null : usedSeconds + (used - open.used);
      }
      open = null;
    },
    usage() {
      const free = Math.max(0, trainSeconds * numCores - takenSeconds);
      const wall = first === null ? 0 : last - first;
      return {
        clientsFraction: usedSeconds === null || free === 0 ? null : Math.min(1, usedSeconds / free),
        orchestrationFraction: wall === 0 ? null : 1 - workedSeconds / wall,
      };
    },
  };
}
