import {
  type Contribution,
  createRandom,
  deferred,
  freshPace,
  loopOrders,
  type PaceRules,
  type ResumedStep,
  type RoundEvent,
  type RoundPlan,
  type RunSettings,
  runRounds,
  type Strategy,
  type StrategyState,
} from "@tutti/core";
import { recordStep, type StepBytes, type StepRecord, type WireBytes } from "@tutti/record";
import type { Aggregate } from "./aggregation/aggregator.ts";
import type { Forgetting } from "./forgetting.ts";
import type { Journal, JournalContents } from "./journal/journal.ts";
import type { OrderBook } from "./orders/orderBook.ts";
import type { Clock } from "./pool/clock.ts";
import type { Pool } from "./pool/pool.ts";
import type { Publications } from "./publications.ts";
import type { KeptRounds } from "./start/keptRounds.ts";
import type { StartContent } from "./start/startingPoint.ts";
import { tellInTurn } from "./tellInTurn.ts";
import type { TunedParameters } from "./tuned.ts";

/** What the loop needs of the coordinator. */
export interface RunLoopPorts {
  readonly run: RunSettings;
  readonly tuned: Pick<TunedParameters, "shape">;
  readonly pool: Pool;
  readonly journal: Journal;
  readonly keptRounds: KeptRounds;
  readonly publications: Publications;
  readonly forgetting: Forgetting;
  readonly book: OrderBook;
  readonly clock: Clock;
  /** Least milliseconds of a training round. */
  readonly minRoundMs: number;
  /** How the past decides whom steps ask and how long they wait; null for nothing. */
  readonly paceRules: PaceRules | null;
  /** The strategy's, wherever it runs. */
  readonly aggregate: Aggregate;
  /** Resolves when an open roster may begin: enough devices, or the operator's word. */
  whenReady(): Promise<void>;
  /** Bytes of all steps so far. */
  bytesSoFar(): StepBytes;
  /** A step is closed; also told, oldest first, of those of earlier processes. */
  onRecord(record: StepRecord): void;
  /** After the event is journalled; of a step that closes, once the tasks of the next have left. */
  onEvent(event: RoundEvent): void;
}

/** A strategy at work, and its latest state. */
export interface RunningStrategy {
  readonly strategy: Strategy;
  state: StrategyState;
  /** The state before the first step of a run with these settings. */
  first(run: RunSettings): StrategyState;
}

/** A history entry of the journal: the record, and the bytes of all steps at its end. */
interface HistoryEntry {
  readonly record: StepRecord;
  /** Entries of older runs have no `takenOver`. */
  readonly bytes: WireBytes & Partial<StepBytes>;
}

/** What a run starts or goes on with. */
export interface StrategyStart {
  readonly run: RunSettings;
  readonly tuned: TunedParameters;
  readonly contents: JournalContents | null;
  /** Null for values drawn from the seed, and once there is a state. */
  readonly start: StartContent | null;
}

/** The strategy and the state that a run starts or goes on with. An open roster's strategy begins with as many devices as there are by then. */
export function startStrategy(strategy: Strategy, { run, tuned, contents, start }: StrategyStart): RunningStrategy {
  const first = (settings: RunSettings): StrategyState => {
    if (start?.kind !== "state") return strategy.init(settings, tuned.shape, start?.params ?? tuned.initial);
    const branched = strategy.branch?.(start.state, settings, start.round);
    if (branched === undefined) throw new Error(`strategy ${settings.strategy.name} cannot go on under other settings`);
    return branched;
  };
  return { strategy, state: contents?.state ?? first(run), first };
}

/** Runs all rounds, journalling each event before the loop goes on; returns when the run is over or `signal` is aborted. */
export async function runLoop(running: RunningStrategy, ports: RunLoopPorts, signal: AbortSignal): Promise<void> {
  const { pool, journal, run } = ports;
  const contents = journal.contents();
  const history = createHistory(running, ports, signal);
  history.restore(contents);
  if (contents?.state != null) ports.keptRounds.keepMissing(running.state, running.strategy.summary(running.state));
  else {
    await ports.whenReady();
    if (signal.aborted) return;
    initialise(running, ports);
  }
  const resuming = resumeFrom(contents, { running, ports, history, signal });
  const resume = resuming instanceof Promise ? await resuming : resuming;
  const { strategy, state } = running;
  const pacing = ports.paceRules === null ? undefined : { rules: ports.paceRules, pace: contents?.pace ?? freshPace };
  const shared = {
    strategy,
    state,
    pool,
    pacing,
    random: createRandom(run.seed),
    aggregate: ports.aggregate,
    orders: loopOrders(ports.book),
  };
  const telling = tellInTurn(ports.onEvent, setImmediate);
  const pause = createPause(ports, signal);
  try {
    for await (const event of runRounds({ ...shared, resume, amended: () => running.state })) {
      if (signal.aborted) return;
      await write(event, history, running, ports);
      telling.tell(event);
      if (event.kind === "done") return;
      await pause(event);
    }
  } finally {
    telling.flush();
  }
}

/** Waits where a training round took less than it should, until `signal` fires. */
function createPause({ clock, minRoundMs }: RunLoopPorts, signal: AbortSignal): (event: RoundEvent) => Promise<void> {
  let begunAt = Number.NEGATIVE_INFINITY;
  return async (event) => {
    if (minRoundMs === 0 || signal.aborted) return;
    if (event.kind === "planned" && event.plan.step === 1) begunAt = clock.now();
    if (event.kind !== "closed" || event.plan.stage !== "train" || event.plan.step !== 1) return;
    const left = begunAt + minRoundMs - clock.now();
    if (left <= 0) return;
    const { promise, resolve } = deferred<void>();
    const cancel = clock.after(left, resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    cancel();
  };
}

/** Writes an event to the journal; resolves when the loop may go on. */
async function write(event: RoundEvent, history: History, running: RunningStrategy, ports: RunLoopPorts): Promise<void> {
  const { pool, journal, keptRounds, publications, forgetting, book, clock } = ports;
  if (event.kind === "planned") {
    publications.publish(event.plan, history.unwritten());
    book.planned(event.plan);
    // two stores: the rounds' is never more than a step behind the journal, and a resumed run writes that one again
    await Promise.all([journal.flushed(), keptRounds.flushed()]);
    history.started(clock.now());
    history.writeSoon();
  } else if (event.kind === "closed") {
    running.state = forgetting.after(event.state);
    history.closed(event.plan, event.contributions);
  } else {
    history.write();
    // Whatever is acknowledged from now on waits for these writes, since the journal keeps its order.
    if (event.kind === "waiting") pool.waits();
    if (event.kind === "closing") {
      journal.putCounted(event.counted, event.pace);
      forgetting.summing();
    }
    if (event.kind === "repeated") {
      journal.putRepeated(event.pace);
      pool.missed();
    }
    if (event.kind === "done") await Promise.all([journal.flushed(), keptRounds.flushed()]);
  }
}

/** The state before the first step. An open roster begins with the devices that have registered by then. */
function initialise(running: RunningStrategy, { run, pool, journal }: RunLoopPorts): void {
  const minDevices = Math.max(1, Math.min(run.minDevices, pool.roster().length));
  running.state = running.first(run.roster === "open" ? { ...run, minDevices } : run);
  journal.putState(running.state, null);
}

/** The records of closed steps, and the last step's state while it is not yet in the journal. */
interface History {
  restore(contents: JournalContents | null): void;
  started(at: number): void;
  closed(plan: RoundPlan, contributions: readonly Contribution[]): void;
  /** The entry of a step that is closed and whose state is not written. */
  unwritten(): unknown;
  write(): void;
  /** After the tasks of the next step have left. */
  writeSoon(): void;
  /** A step that an earlier process closed without writing its state. */
  redo(contributions: readonly Contribution[], entry: unknown): void;
}

function createHistory(
  running: RunningStrategy,
  { tuned, journal, keptRounds, pool, forgetting, clock, bytesSoFar, onRecord }: RunLoopPorts,
  signal: AbortSignal,
): History {
  let bytesBefore: HistoryEntry["bytes"] = { up: 0, down: 0 };
  let startedAt = clock.now();
  let open: { readonly entry: unknown; readonly contributions: readonly Contribution[] } | null = null;

  /** The journal wrote its entries in this form. */
  function take(entry: unknown): void {
    const { record, bytes } = entry as HistoryEntry;
    bytesBefore = bytes;
    onRecord(record);
  }

  function write(): void {
    if (open === null || signal.aborted) return;
    keptRounds.keep(running.state, running.strategy.summary(running.state)); // first: a step that a kill leaves without a state is closed again
    journal.putState(running.state, open.entry);
    forgetting.written();
    pool.counted(open.contributions);
    open = null;
  }

  return {
    restore: (contents) => contents?.history.forEach(take),
    started(at) {
      startedAt = at;
    },
    closed(plan, contributions) {
      const total = bytesSoFar();
      const bytes = { ...since(total, bytesBefore), takenOver: since(total.takenOver, bytesBefore.takenOver) };
      const measures = {
        seconds: (clock.now() - startedAt) / 1000,
        bytes,
        clientSeconds: pool.takeClientSeconds(),
        devices: pool.taskTimes(),
        learnt: { shape: tuned.shape, tensors: running.state.tensors },
      };
      const entry: HistoryEntry = { record: recordStep(plan, contributions, measures), bytes: total };
      open = { entry, contributions };
      take(entry);
    },
    unwritten: () => open?.entry,
    write,
    writeSoon: () => void setImmediate(write),
    redo(contributions, entry) {
      open = { entry, contributions };
      take(entry);
      write();
    },
  };
}

function since(now: WireBytes, { up, down }: WireBytes = { up: 0, down: 0 }): WireBytes {
  return { up: now.up - up, down: now.down - down };
}

/** Undefined where no step is open. */
type Resumed = ResumedStep | undefined;

/** What resuming works on. */
interface Resuming {
  readonly running: RunningStrategy;
  readonly ports: RunLoopPorts;
  readonly history: History;
  readonly signal: AbortSignal;
}

/** The journalled step, after aggregating the one before where that was not yet written. */
function resumeFrom(contents: JournalContents | null, { running, ports, history, signal }: Resuming): Resumed | Promise<Resumed> {
  if (contents === null || contents.plan === null) return undefined;
  const { pool, publications, forgetting } = ports;
  const { counted, isRepeated, next } = contents;
  const plan = publications.restore(contents, contents.plan);
  // Nothing of a missed attempt counts any more.
  if (isRepeated) {
    pool.open(plan, null).close();
    pool.missed();
  }
  if (next === null) return { plan, isRepeated, ...(counted === null ? {} : { counted }) };
  pool.open(plan, null);
  const contributions = pool.accepted(counted ?? []);
  const redone = (state: StrategyState): Resumed => {
    if (signal.aborted) return undefined;
    running.state = forgetting.after(state);
    history.redo(contributions, next.entry);
    return { plan: publications.restore(contents, next.plan) };
  };
  const state = ports.aggregate(running.state, plan, contributions);
  return state instanceof Promise ? state.then(redone) : redone(state);
}
