import {
  type DeviceId,
  type DeviceState,
  deferred,
  type PaceRules,
  type Params,
  type RoundEvent,
  type RunSettings,
  type Strategy,
  type StrategyState,
  type StrategySummary,
  withAnswers,
} from "@tutti/core";
import type { RunEvaluation } from "@tutti/data/node";
import { decodeDeviceState, type OrderEvent, parametersSha256, type RunInfo, type Status } from "@tutti/protocol";
import { historyPoint, type StepRecord, type TrafficTotals } from "@tutti/record";
import type { Logger } from "pino";
import { createAggregator } from "./aggregation/aggregator.ts";
import type { CoordinatorConfig } from "./config.ts";
import type { Receipts } from "./entry/receipts.ts";
import { createForgetting, type Forgetting } from "./forgetting.ts";
import type { BlobStore } from "./http/blobs.ts";
import { labelOfStep, type WireMeter } from "./http/wireMeter.ts";
import type { Journal } from "./journal/journal.ts";
import { createFeed, type Feed } from "./live/feed.ts";
import { describeTiles } from "./live/tiles.ts";
import type { Change } from "./news.ts";
import { createOrderBook, type OrderBook } from "./orders/orderBook.ts";
import type { Clock } from "./pool/clock.ts";
import type { ResetReason } from "./pool/homesPorts.ts";
import { placesTasks } from "./pool/members.ts";
import { createPool, type Pool, type PoolPorts } from "./pool/pool.ts";
import { createPublications, type Publications } from "./publications.ts";
import { announce, type RunNotes } from "./runEvents.ts";
import { type RunLoopPorts, type RunningStrategy, runLoop, startStrategy } from "./runLoop.ts";
import { type Beginning, createBeginning, whenReady } from "./runStart.ts";
import { createStatusSource, type StatusSource } from "./runStatus.ts";
import type { KeptRounds } from "./start/keptRounds.ts";
import type { StartContent } from "./start/startingPoint.ts";
import { type ClientPoint, describeClients } from "./status.ts";
import type { TunedParameters } from "./tuned.ts";
import type { TunedNow } from "./tunedFile.ts";

/** The result of a run. */
export interface RunOutcome {
  readonly runId: string;
  readonly run: RunSettings;
  readonly summary: StrategySummary;
  readonly steps: readonly StepRecord[];
  /** W. */
  readonly globalParams: Params;
  /** Every trained parameter as a newcomer gets it. */
  readonly newcomerParams: Params;
  /** Of `newcomerParams`. */
  readonly parametersSha256: string;
  /** Private states of the devices, where the run keeps them. */
  readonly deviceStates: ReadonlyMap<DeviceId, DeviceState>;
  readonly traffic: TrafficTotals;
}

/** What a subscriber is told: every event of the round loop once it is journalled, each step's record, and the status as it changes. */
export type CoordinatorEvent =
  | RoundEvent
  | { readonly kind: "step"; readonly record: StepRecord }
  | { readonly kind: "status"; readonly status: Status }
  /** The operator has given an order, or the first step is planned that it holds for. */
  | { readonly kind: "order"; readonly event: OrderEvent }
  /** A contribution is journalled; its answer leaves after this. */
  | { readonly kind: "accepted"; readonly taskId: string; readonly deviceId: DeviceId }
  /** What the operator should know while the run goes on. */
  | { readonly kind: "notice"; readonly sentence: string }
  | { readonly kind: "failed"; readonly error: unknown };

/** Answers to messages of the public test part that a run's report shows. */
export interface ReportAnswers {
  readonly numTexts: number;
  /** Whether a compute client is started when the run asks for one; else it is asked only where one is there. */
  readonly isStarted: boolean;
}

/** What a run needs of its coordinator. */
export interface LiveRunPorts {
  readonly config: CoordinatorConfig;
  readonly runId: string;
  readonly tuned: TunedParameters;
  /** n_i of every share, or null where they are not known. */
  readonly shareSizes: readonly number[] | null;
  readonly strategy: Strategy;
  /** Multiplications from which a merge runs in a thread; see `AggregatorOptions`. */
  readonly threadFrom?: number | undefined;
  /** What compute clients must bring; null where the run needs none. */
  readonly computeToken: string | null;
  /** What clients bring that may have the states of other clients' devices; null where any host may. */
  readonly hostToken: string | null;
  /** What helper devices bring; null where the run has none. */
  readonly helperToken: string | null;
  /** Null where the report shows none. */
  readonly answers: ReportAnswers | null;
  /** What evaluations count at most, or null where that is not known. */
  readonly evaluatedRows: RunEvaluation | null;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly journal: Journal;
  readonly receipts: Receipts;
  readonly keptRounds: KeptRounds;
  /** What it starts with in place of drawn values; null for those, and for a run that has a state. */
  readonly start: StartContent | null;
  readonly blobs: BlobStore;
  readonly meter: WireMeter;
  readonly logger: Logger;
  tell(event: CoordinatorEvent): void;
  /** Something that a page shows has changed. */
  onChange(change: Change): void;
  /** A lease that was not acknowledged is sent again. */
  onResent(): void;
  /** A step has closed in this process. */
  onStepClosed(record: StepRecord): void;
}

/** The run that a coordinator holds: its pool, its rounds and what can be said of it. */
export interface LiveRun {
  readonly pool: Pool;
  /** What the stage is told. */
  readonly feed: Feed;
  readonly book: OrderBook;
  /** The strategy's latest. */
  state(): StrategyState;
  /** Null of a task whose answers are texts. */
  readonly numClasses: number | null;
  /** Whether an open roster waits to begin. */
  canBegin(): boolean;
  status(): Status;
  /** The same with bytes as they were at most a moment ago: a look at every connection for each one that comes would cost more with each. */
  statusOnArrival(): Status;
  progress(): NonNullable<RunInfo["progress"]>;
  clients(): readonly ClientPoint[];
  /** What a newcomer would get now; null before the first training round has closed, but for a run that started from tuned parameters. */
  tunedNow(isStarted: boolean): TunedNow | null;
  steps(): readonly StepRecord[];
  /** The operator's word that an open roster may begin. */
  begin(): void;
  /** Runs the rounds; resolves when they are over or `signal` is aborted. */
  work(signal: AbortSignal): Promise<void>;
  fail(error: unknown): void;
  /** Nothing can be accepted for this reason, or null: it can again. */
  blocked(reason: string | null): void;
  readonly isDone: boolean;
  outcome(): RunOutcome;
}

/** A run, with what its parts share. */
interface Work {
  readonly ports: LiveRunPorts;
  readonly running: RunningStrategy;
  readonly publications: Publications;
  readonly notes: RunNotes;
  readonly beginning: Beginning;
  readonly forgetting: Forgetting;
  readonly book: OrderBook;
}

/** A run that goes on from what is journalled. */
export function createLiveRun(ports: LiveRunPorts): LiveRun {
  const { config, clock, journal, blobs, meter, logger, tuned } = ports;
  const { run } = config;
  const started = startStrategy(
    answering(ports, () => pool),
    { run, tuned, contents: journal.contents(), start: ports.start },
  );
  const work: Work = {
    ports,
    running: started,
    forgetting: createForgetting(started, ports),
    publications: createPublications({ run, journal, blobs }),
    notes: {
      isGathering: false,
      said: { phase: "waiting", message: null, said: null },
      resets: null,
      blocked: null,
      pace: journal.contents()?.pace ?? null,
      records: [],
      points: [],
    },
    beginning: createBeginning(),
    book: createOrderBook({
      journal,
      scheduled: run.orders,
      now: ports.now,
      onChange(event) {
        ports.tell({ kind: "order", event });
        ports.onChange("step");
      },
    }),
  };
  const { running, notes, beginning, book } = work;
  const fault = deferred<never>();
  fault.promise.catch(() => undefined);
  const pool = createPool(poolPorts(work, fault.reject));
  const status = createStatusSource({ runId: ports.runId, run, tuned, clock, meter, running, notes, book, pool });
  return {
    pool,
    feed: feedOf(work, pool, status),
    book,
    state: () => running.state,
    numClasses: tuned.numClasses,
    canBegin: () => notes.isGathering,
    status: status.now,
    statusOnArrival: status.lately,
    progress: status.progress,
    clients: () => describeClients(pool.members),
    tunedNow: (isStarted) => tunedNow(work, isStarted),
    steps: () => notes.records,
    begin: beginning.begin,
    async work(signal) {
      signal.addEventListener("abort", beginning.begin, { once: true });
      await Promise.race([runLoop(running, loopPorts(work, pool, signal), signal), fault.promise]);
    },
    fail(error) {
      notes.said = { phase: "failed", message: error instanceof Error ? error.message : String(error), said: null };
      logger.fatal({ error }, "the run failed");
      ports.tell({ kind: "failed", error });
      ports.onChange("step");
    },
    blocked(reason) {
      if (notes.blocked === reason) return;
      notes.blocked = reason;
      ports.onChange("step");
    },
    get isDone() {
      return notes.said.phase === "done";
    },
    outcome: () => outcomeOf(work, pool),
  };
}

function feedOf({ ports, running, notes, book }: Work, pool: Pool, status: StatusSource): Feed {
  const { members, taskProgress: progress } = pool;
  return createFeed({
    schedule: running.strategy.schedule(ports.config.run),
    tuned: ports.tuned,
    status: status.lately,
    tiles: () =>
      describeTiles({
        members,
        step: pool.step(),
        progress,
        isDone: notes.said.phase === "done",
        standing: notes.pace?.standing ?? null,
      }),
    records: () => notes.records,
    orders: book.events,
  });
}

/** The run's strategy; of a task whose answers are texts with the answers that its report shows. */
function answering({ strategy, config, tuned, answers }: LiveRunPorts, pool: () => Pool): Strategy {
  if (tuned.numClasses !== null) return strategy;
  const isWanted = () => answers?.isStarted === true || pool().computeDesk.isAttended();
  return withAnswers(strategy, config.run, answers === null ? null : { numTexts: answers.numTexts, isWanted });
}

function poolPorts({ ports, publications, notes, forgetting, book }: Work, onFault: (error: unknown) => void): PoolPorts {
  const { config, runId, tuned, clock, journal, blobs, meter, logger } = ports;
  return {
    config,
    runId,
    computeToken: ports.computeToken,
    evaluatedRows: ports.evaluatedRows,
    tuned,
    shareSizes: ports.shareSizes,
    hostToken: ports.hostToken,
    helperToken: ports.helperToken,
    clock,
    journal,
    receipts: ports.receipts,
    blobs,
    pastSteps: () => notes.records,
    published: publications.of,
    wasCutShort: book.wasCutShort,
    onOpened({ plan, payloads }) {
      meter.setStep(
        labelOfStep(plan),
        payloads.map(({ sha256 }) => sha256),
      );
      ports.onChange("detail");
    },
    onChange: () => ports.onChange("detail"),
    onProgress: () => ports.onChange("progress"),
    onReset(deviceId, why) {
      const message = `device ${deviceId} ${resetTexts[why]} and starts again`;
      const said = { kind: "reset" as const, deviceId, why };
      notes.said = { ...notes.said, message, said: [said] };
      notes.resets = { count: (notes.resets?.count ?? 0) + 1, last: message, said };
      logger.warn({ deviceId, why }, "a device was reset");
      ports.onChange("detail");
    },
    onLate({ clientKey }, deviceIds) {
      logger.warn({ client: clientKey.slice(0, 12), deviceIds }, "devices did not register in time; other clients may host them");
    },
    forget: forgetting.forget,
    numSummed: (deviceId) => notes.records.filter(({ counted }) => counted.includes(deviceId)).length,
    onAccepted: (taskId, deviceId) => ports.tell({ kind: "accepted", taskId, deviceId }),
    onFault,
    onResent: ports.onResent,
    onHandedOut: (clientKey, sha256s) => meter.handOut(clientKey, sha256s),
    onStateBytes: (numBytes) => meter.move("states", { up: numBytes, down: 0 }),
  };
}

/** What the status says of a device that starts again. */
const resetTexts: Readonly<Record<ResetReason, string>> = {
  lost: "lost its private state",
  declined: "came with a private state that its host declined",
  untrusted: "moved without its private state",
  withdrawn: "was taken back by its client",
};

function loopPorts(
  { ports, running, publications, notes, beginning, forgetting, book }: Work,
  pool: Pool,
  signal: AbortSignal,
): RunLoopPorts {
  const { config, journal, keptRounds, clock, meter } = ports;
  const { run } = config;
  return {
    run,
    tuned: ports.tuned,
    pool,
    journal,
    keptRounds,
    publications,
    forgetting,
    book,
    clock,
    paceRules: paceRulesOf(config),
    minRoundMs: config.minRoundMs,
    aggregate: createAggregator({ run, strategy: running.strategy, method: ports.strategy, threadFrom: ports.threadFrom, signal }),
    async whenReady() {
      for await (const gathering of whenReady({ run, pool, beginning }, signal)) {
        notes.isGathering = true;
        notes.said = { ...notes.said, ...gathering };
        ports.onChange("waiting");
      }
      notes.isGathering = false;
    },
    bytesSoFar: () => meter.ofSteps(),
    onRecord(record) {
      notes.records.push(record);
      notes.points.push(historyPoint(record));
    },
    onEvent: (event) => announce(event, notes, ports),
  };
}

/** Where tasks go to whichever client is free, a device that was late says nothing of itself: clients rest there (P-29), and no device does. */
function paceRulesOf(config: CoordinatorConfig): PaceRules | null {
  const { backoff, adaptiveDeadline, deadlineMs } = config.run;
  const rests = backoff !== undefined && !placesTasks(config);
  if (!rests && adaptiveDeadline === undefined) return null;
  return { deadlineMs, ...(rests ? { backoff } : {}), ...(adaptiveDeadline === undefined ? {} : { adaptiveDeadline }) };
}

function tunedNow({ running: { strategy, state }, notes }: Work, isStarted: boolean): TunedNow | null {
  const last = notes.records.findLast(({ stage, kind }) => stage === "train" && kind === "train");
  if (last === undefined && !isStarted) return null;
  const params = strategy.newcomerParams(state);
  const sharedNames = Object.keys(strategy.globalParams(state)).filter((name) => Object.hasOwn(params, name)); // others travel in another form
  return { params, sharedNames, round: last?.round ?? 0 };
}

function outcomeOf({ ports, running, notes }: Work, pool: Pool): RunOutcome {
  const { strategy, state } = running;
  const newcomerParams = strategy.newcomerParams(state);
  return {
    runId: ports.runId,
    run: ports.config.run,
    summary: strategy.summary(state),
    steps: [...notes.records],
    globalParams: strategy.globalParams(state),
    newcomerParams,
    parametersSha256: parametersSha256(newcomerParams),
    deviceStates: keptStates(pool, ports.blobs),
    traffic: ports.meter.totals(),
  };
}

function keptStates({ members }: Pool, blobs: BlobStore): Map<DeviceId, DeviceState> {
  const states = new Map<DeviceId, DeviceState>();
  for (const { deviceId, stateSha256 } of members.homes.devices()) {
    const bytes = stateSha256 === null ? null : blobs.get(stateSha256);
    if (bytes !== null) states.set(deviceId, decodeDeviceState(bytes));
  }
  return states;
}
