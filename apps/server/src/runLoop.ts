import {
  createRandom,
  createStrategy,
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
import type { WireBytes } from "./http/wireMeter.ts";
import type { Journal, JournalContents, JournalledPlan } from "./journal/journal.ts";
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
  bytesSoFar(): WireBytes;
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
  readonly bytes: WireBytes;
}

const holder = "open step";

/** The strategy and the state that a run starts or goes on with. An open roster's strategy begins with as many devices as there are by then. */
export function startProgress(run: RunSettings, tuned: TunedParameters, contents: JournalContents | null): RunProgress {
  const strategy = createStrategy(run);
  return { strategy, state: contents?.state ?? strategy.init(run, tuned.shape, tuned.initial) };
}

/** Runs all rounds, journalling each event before the loop goes on; returns when the run is over or `signal` is aborted. */
export async function runLoop(progress: RunProgress, ports: RunLoopPorts, signal: AbortSignal): Promise<void> {
  const { pool, journal, run, clock } = ports;
  const contents = journal.contents();
  let bytesBefore: WireBytes = { up: 0, down: 0 };
  for (const entry of (contents?.history ?? []) as unknown[] as HistoryEntry[]) {
    bytesBefore = entry.bytes;
    ports.onRecord(entry.record);
  }
  if (contents?.state == null) {
    await ports.whenReady();
    if (signal.aborted) return;
    const numRegistered = pool.roster().length;
    const begun = run.roster === "open" ? { ...run, minDevices: Math.max(1, Math.min(run.minDevices, numRegistered)) } : run;
    progress.state = progress.strategy.init(begun, ports.tuned.shape, ports.tuned.initial);
    journal.putState(progress.state, null);
  }
  const resume = contents?.plan == null ? undefined : reopen(contents, contents.plan, ports);
  let startedAt = clock.now();
  const rounds = runRounds({
    strategy: progress.strategy,
    state: progress.state,
    pool,
    random: createRandom(run.seed),
    ...(resume === undefined ? {} : { resume }),
  });
  for await (const event of rounds) {
    if (signal.aborted) return;
    switch (event.kind) {
      case "planned": {
        const payloads = publish(event.plan, ports);
        await journal.flushed();
        pool.open(event.plan, payloads);
        ports.onStep(event.plan);
        startedAt = clock.now();
        break;
      }
      case "closing":
        // Whatever is acknowledged from now on waits for this write, since the journal keeps its order.
        journal.putCounted(event.counted);
        break;
      case "repeated":
        journal.putRepeated();
        break;
      case "closed": {
        const total = ports.bytesSoFar();
        const bytes = { up: total.up - bytesBefore.up, down: total.down - bytesBefore.down };
        bytesBefore = total;
        const record = recordStep(event.plan, event.contributions, (clock.now() - startedAt) / 1000, bytes);
        const entry: HistoryEntry = { record, bytes: total };
        journal.putState(event.state, JSON.parse(JSON.stringify(entry)));
        pool.counted(event.contributions);
        progress.state = event.state;
        ports.onRecord(record);
        break;
      }
      case "done":
        await journal.flushed();
        break;
      case "waiting":
        break;
    }
    ports.onEvent(event);
    if (event.kind === "done") return;
  }
}

/** Journals a plan and serves its payloads. */
function publish(plan: RoundPlan, { journal, blobs, run }: RunLoopPorts): BlobRef[] {
  const encoded = plan.payloads.map((payload) => encodePayload(payload, run));
  const refs = encoded.map((bytes) => blobs.hold(holder, bytes));
  blobs.keepOnly(holder, new Set(refs.map((ref) => ref.sha256)));
  const named: JournalledPlan = { ...plan, payloads: refs.map((ref) => ref.sha256) };
  journal.putPlan(named, new Map(refs.map((ref, i) => [ref.sha256, encoded[i] ?? new Uint8Array(0)])));
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

/** Opens the journalled step again, with what was accepted. */
function reopen(contents: JournalContents, plan: JournalledPlan, { pool, blobs, onStep }: RunLoopPorts): OpenStep {
  const payloads = plan.payloads.map((sha256) => {
    const bytes = contents.blobs.get(sha256);
    if (bytes === undefined || sha256Of(bytes) !== sha256) throw new Error(`journal: payload ${sha256} of the open step is missing or damaged`);
    return bytes;
  });
  const refs = payloads.map((bytes) => blobs.hold(holder, bytes));
  const restored: RoundPlan = { ...plan, payloads: payloads.map((bytes) => decodeParams(bytes)) };
  if (!contents.isRepeated) pool.open(restored, refs, contents.contributions);
  onStep(restored);
  const counted = contents.counted === null ? {} : { counted: contents.counted };
  return { plan: restored, isRepeated: contents.isRepeated, ...counted };
}
