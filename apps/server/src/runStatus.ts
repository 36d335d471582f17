import { claimLimit, createRandom, type InForce, inForceNow, type RunSettings, type Saying } from "@tutti/core";
import type { RunInfo, Status } from "@tutti/protocol";
import { positionOf, type TrafficTotals } from "@tutti/record";
import type { WireMeter } from "./http/wireMeter.ts";
import type { OrderBook } from "./orders/orderBook.ts";
import type { Clock } from "./pool/clock.ts";
import type { Pool } from "./pool/pool.ts";
import type { RunNotes } from "./runEvents.ts";
import type { RunningStrategy } from "./runLoop.ts";
import { describeRun } from "./status.ts";
import type { TunedParameters } from "./tuned.ts";

/** Where a run's status comes from. */
export interface StatusPorts {
  readonly runId: string;
  readonly run: RunSettings;
  readonly tuned: TunedParameters;
  readonly clock: Clock;
  readonly meter: Pick<WireMeter, "totals">;
  readonly running: RunningStrategy;
  readonly notes: RunNotes;
  readonly book: OrderBook;
  readonly pool: Pick<Pool, "step" | "members" | "computeDesk" | "roster">;
}

/** The status of a run, whenever it is asked for. */
export interface StatusSource {
  now(): Status;
  /** The same with bytes as they were at most a moment ago: a look at every connection for each one that comes would cost more with each. */
  lately(): Status;
  /** How far the run is (P-161), and about how long it still takes; one that waits takes nobody knows how long. */
  progress(): NonNullable<RunInfo["progress"]>;
}

const storageFull: readonly Saying[] = [{ kind: "storageFull" }];

/** How old the bytes of a status on arrival may be. */
const momentMs = 250;

/** Statuses of a run. */
export function createStatusSource(sources: StatusPorts): StatusSource {
  const { runId, run, tuned, clock, meter, running, notes, pool } = sources;
  const schedule = running.strategy.schedule(run);
  let position: { readonly numRecords: number; readonly progress: NonNullable<RunInfo["progress"]> } | null = null;
  let known = { traffic: meter.totals(), at: Number.NEGATIVE_INFINITY };

  function statusWith(traffic: TrafficTotals): Status {
    const { records, points } = notes;
    const summary = running.strategy.summary(running.state);
    const { phase } = notes.said;
    const { message, said: kinds } = notes.blocked === null ? notes.said : { message: notes.blocked, said: storageFull };
    const step = pool.step();
    const { members } = pool;
    const lacks = phase === "running" ? pool.computeDesk.whyWaiting() : null;
    const said = lacks === null ? { phase, message, said: kinds } : ({ phase: "waiting", ...lacks } as const);
    return describeRun({
      runId,
      claimLimit: claimLimit(run),
      fillTo: run.helpers?.fillTo ?? null,
      resets: notes.resets,
      inForce: inForceOf(sources),
      ...said,
      summary,
      schedule,
      step,
      members,
      records,
      points,
      tuned,
      traffic,
      now: clock.now(),
    });
  }

  /** Counted again only when a step has closed: landing pages ask as often as people open them. */
  function positionNow(): NonNullable<RunInfo["progress"]> {
    const { records } = notes;
    if (position?.numRecords !== records.length) {
      const { numStepsDone, numSteps, secondsLeft } = positionOf(schedule, records, { at: "", isRunning: true });
      position = { numRecords: records.length, progress: { numStepsDone, numSteps, secondsLeft } };
    }
    return position.progress;
  }

  return {
    progress() {
      const { phase } = notes.said;
      return phase === "running" ? positionNow() : { ...positionNow(), secondsLeft: null };
    },
    now: () => statusWith(meter.totals()),
    lately() {
      if (clock.now() - known.at >= momentMs) known = { traffic: meter.totals(), at: clock.now() };
      return statusWith(known.traffic);
    },
  };
}

/** What the settings' orders and the operator's come to for the next plan; null where there are none. */
function inForceOf({ run, book, running, pool }: StatusPorts): InForce | null {
  if (book.latest() === 0 && run.orders === undefined) return null;
  return inForceNow(book, { ...running, roster: pool.roster(), random: createRandom(run.seed) });
}
