import {
  type Contribution,
  createRandom,
  type DeviceId,
  type OpenStep,
  type Params,
  type RoundEvent,
  type RoundPlan,
  type RunSettings,
  runRounds,
  type Strategy,
  type StrategyState,
} from "@tutti/core";
import { type BlobRef, decodeParams, encodeParams } from "@tutti/protocol";
import { type BlobStore, sha256Of } from "./http/blobs.ts";
import type { StepBytes, WireBytes } from "./http/wireMeter.ts";
import type { Journal, JournalContents, JournalledPlan } from "./journal/journal.ts";
import { readTask } from "./journal/olderPlans.ts";
import type { Clock } from "./pool/clock.ts";
import type { Pool } from "./pool/pool.ts";
import { recordStep, type StepRecord } from "./stepRecord.ts";
import type { TunedParameters } from "./tuned.ts";

/** What the loop needs of the coordinator. */
export interface RunLoopPorts {
  readonly run: RunSettings;
  readonly tuned: TunedParameters;
  readonly pool: Pool;
  readonly journal: Journal;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  /** Resolves when an open roster may begin: enough devices, or the operator's word. */
  whenReady(): Promise<void>;
  /** The step whose bytes are counted from now on. */
  onStep(plan: RoundPlan): void;
  /** Bytes of all steps so far. */
  bytesSoFar(): StepBytes;
  /** A step is closed; also told, oldest first, of those of earlier processes. */
  onRecord(record: StepRecord): void;
  /** After the event is journalled. */
  onEvent(event: RoundEvent): void;
}

/** A run's strategy and its latest state. */
export interface RunProgress {
  readonly strategy: Strategy;
  state: StrategyState;
}

/** A history entry of the journal: the record, and the bytes of all steps at its end. */
interface HistoryEntry {
  readonly record: StepRecord;
  /** Entries of older runs have no `takenOver`. */
  readonly bytes: WireBytes & Partial<StepBytes>;
}

const holder = "open step";

/** The strategy and the state that a run starts or goes on with. An open roster's strategy begins with as many devices as there are by then. */
export function startProgress(strategy: Strategy, run: RunSettings, tuned: TunedParameters, contents: JournalContents | null): RunProgress {
  return { strategy, state: contents?.state ?? strategy.init(run, tuned.shape, tuned.initial) };
}

/** Runs all rounds, journalling each event before the loop goes on; returns when the run is over or `signal` is aborted. */
export async function runLoop(progress: RunProgress, ports: RunLoopPorts, signal: AbortSignal): Promise<void> {
  const { pool, journal, run, clock } = ports;
  const contents = journal.contents();
  const history = createHistory(progress, ports, signal);
  history.restore(contents);
  if (contents?.state == null) {
    await ports.whenReady();
    if (signal.aborted) return;
    initialise(progress, ports);
  }
  const resume = contents === null ? undefined : resumeFrom(contents, progress, ports, history);
  const shared = { strategy: progress.strategy, state: progress.state, pool, random: createRandom(run.seed) };
  for await (const event of runRounds({ ...shared, ...(resume === undefined ? {} : { resume }) })) {
    if (signal.aborted) return;
    if (event.kind === "planned") {
      const payloads = publish(event.plan, ports, history.unwritten());
      await journal.flushed();
      pool.open(event.plan, payloads);
      ports.onStep(event.plan);
      history.started(clock.now());
      history.writeSoon();
    } else if (event.kind === "closed") {
      progress.state = event.state;
      history.closed(event.plan, event.contributions);
    } else {
      history.write();
      // Whatever is acknowledged from now on waits for these writes, since the journal keeps its order.
      if (event.kind === "closing") journal.putCounted(event.counted);
      if (event.kind === "repeated") journal.putRepeated();
      if (event.kind === "done") await journal.flushed();
    }
    ports.onEvent(event);
    if (event.kind === "done") return;
  }
}

/** The state before the first step. An open roster begins with the devices that have registered by then. */
function initialise(progress: RunProgress, { run, tuned, pool, journal }: RunLoopPorts): void {
  const minDevices = Math.max(1, Math.min(run.minDevices, pool.roster().length));
  progress.state = progress.strategy.init(run.roster === "open" ? { ...run, minDevices } : run, tuned.shape, tuned.initial);
  journal.putState(progress.state, null);
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

function createHistory(progress: RunProgress, { journal, pool, clock, bytesSoFar, onRecord }: RunLoopPorts, signal: AbortSignal): History {
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
    journal.putState(progress.state, open.entry);
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
      const entry: HistoryEntry = { record: recordStep(plan, contributions, (clock.now() - startedAt) / 1000, bytes), bytes: total };
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

/** Opens the journalled step again, after aggregating the one before where that was not yet written. */
function resumeFrom(contents: JournalContents, progress: RunProgress, ports: RunLoopPorts, history: History): OpenStep | undefined {
  if (contents.plan === null) return undefined;
  const { counted, isRepeated, next } = contents;
  const plan = reopen(contents, contents.plan, ports);
  // Nothing of a missed attempt counts any more.
  if (isRepeated) ports.pool.close();
  if (next === null) return { plan, isRepeated, ...(counted === null ? {} : { counted }) };
  const contributions = ports.pool.accepted(counted ?? []);
  progress.state = progress.strategy.aggregate(progress.state, plan, contributions);
  history.redo(contributions, next.entry);
  return { plan: reopen(contents, next.plan, ports) };
}

/** Journals a plan and serves its payloads. */
function publish(plan: RoundPlan, { journal, blobs, run }: RunLoopPorts, unwritten: unknown): BlobRef[] {
  const encoded = plan.payloads.map((payload) => encodePayload(payload, run));
  const refs = encoded.map((bytes) => blobs.hold(holder, bytes));
  blobs.keepOnly(holder, new Set(refs.map((ref) => ref.sha256)));
  const named: JournalledPlan = { ...plan, payloads: refs.map((ref) => ref.sha256) };
  journal.putPlan(named, new Map(refs.map((ref, i) => [ref.sha256, encoded[i] ?? new Uint8Array(0)])), unwritten);
  return refs;
}

/** A payload in the run's encoding; in f32 where that would not give the values back, so that a restart finds the same ones. */
function encodePayload(payload: Params, { paramsEncoding }: RunSettings): Uint8Array {
  const bytes = encodeParams(payload, paramsEncoding);
  const decoded = decodeParams(bytes);
  const isSame = Object.entries(payload).every(([name, tensor]) => {
    const other = decoded[name]?.data;
    return other !== undefined && tensor.data.every((value, i) => Object.is(value, other[i]));
  });
  return isSame ? bytes : encodeParams(payload, "f32");
}

/** Opens a journalled step with what was accepted. */
function reopen(contents: JournalContents, plan: JournalledPlan, { pool, blobs, run, onStep }: RunLoopPorts): RoundPlan {
  const { blobs: stored, contributions, devices } = contents;
  const encoded = plan.payloads.map((sha256) => {
    const bytes = stored.get(sha256);
    if (bytes === undefined || sha256Of(bytes) !== sha256) throw new Error(`journal: payload ${sha256} of a step is missing or damaged`);
    return bytes;
  });
  const refs = encoded.map((bytes) => blobs.hold(holder, bytes));
  const payloads = encoded.map((bytes) => decodeParams(bytes));
  const registered = new Map(devices.map(({ deviceId, numExamples }) => [deviceId, numExamples ?? 0]));
  const surroundings = { run, payloads, numExamples: (deviceId: DeviceId) => registered.get(deviceId) ?? 0 };
  const restored: RoundPlan = { ...plan, payloads, tasks: plan.tasks.map((task) => readTask(task, surroundings)) };
  pool.open(restored, refs, contributions);
  onStep(restored);
  return restored;
}
