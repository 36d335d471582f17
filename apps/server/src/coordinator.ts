import { join } from "node:path";
import { type DeviceId, numValues, type Params, type RoundEvent, type RunSettings, type StrategySummary } from "@tutti/core";
import { type DeviceStateParts, decodeDeviceState, type Goodbye, parametersSha256, protocolVersion, type Status } from "@tutti/protocol";
import type { Logger } from "pino";
import { ConfigError, type CoordinatorConfig, type CoordinatorOptions, parseConfig } from "./config.ts";
import { type BlobStore, createBlobStore } from "./http/blobs.ts";
import { loadCertificate } from "./http/certificate.ts";
import { addControl, createToken, publishControl } from "./http/control.ts";
import { buildHttp, listen, type PagesHandler } from "./http/server.ts";
import { bytesOfSteps, createWireMeter, labelOfStep, type TrafficTotals } from "./http/wireMeter.ts";
import { type Journal, openJournal } from "./journal/journal.ts";
import type { KeyValueStore } from "./journal/keyValueStore.ts";
import { lmdbStore } from "./journal/lmdbStore.ts";
import { createLogger } from "./logger.ts";
import { createMetrics } from "./metrics.ts";
import { type Clock, systemClock } from "./pool/clock.ts";
import { createPool } from "./pool/pool.ts";
import { deriveRunId, openRunFolder } from "./runFolder.ts";
import { runLoop, startProgress } from "./runLoop.ts";
import { attachSockets } from "./socket.ts";
import { describeRun, withoutClients } from "./status.ts";
import type { StepRecord } from "./stepRecord.ts";
import { createThrottle } from "./throttle.ts";
import type { TunedParameters } from "./tuned.ts";

/** What a coordinator is handed beside its configuration. */
export interface CoordinatorPorts {
  readonly tuned: TunedParameters;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Where the journal lives; `<dataDir>/<runId>/journal` when absent. */
  readonly store?: KeyValueStore;
  /** Serves the pages while developing. */
  readonly pages?: Parameters<typeof buildHttp>[1]["pages"];
}

/** What a run came to. */
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
  readonly deviceStates: ReadonlyMap<DeviceId, DeviceStateParts>;
  readonly traffic: TrafficTotals;
}

/** What a subscriber is told: every event of the round loop once it is journalled, each step's record, and the status as it changes. */
export type CoordinatorEvent =
  | RoundEvent
  | { readonly kind: "step"; readonly record: StepRecord }
  | { readonly kind: "status"; readonly status: Status }
  /** A contribution is journalled; its answer leaves after this. */
  | { readonly kind: "accepted"; readonly taskId: string; readonly deviceId: DeviceId }
  | { readonly kind: "failed"; readonly error: unknown };

/** A running coordinator. */
export interface Coordinator {
  /** For this machine. */
  readonly url: string;
  readonly port: number;
  readonly runId: string;
  /** Folder of the run's files. */
  readonly folder: string;
  readonly controlToken: string;
  readonly config: CoordinatorConfig;
  status(): Status;
  traffic(): TrafficTotals;
  /** Steps closed so far, those of earlier processes included. */
  steps(): readonly StepRecord[];
  /** Returns what ends the subscription. */
  subscribe(listener: (event: CoordinatorEvent) => void): () => void;
  /** The operator's word that an open roster may begin. */
  begin(): void;
  /** Resolves when the run is over; rejects when it failed or the coordinator was closed before. */
  whenDone(): Promise<RunOutcome>;
  /** Resolves when the coordinator has closed, whoever asked for it. */
  whenClosed(): Promise<void>;
  /** Says goodbye and closes; what was acknowledged is kept and the same configuration resumes. */
  close(reason?: Goodbye["reason"], message?: string): Promise<void>;
}

export type { PagesHandler };

const statusPeriodMs = 250;

/** Starts a coordinator: listens, goes on with what the run's journal holds, and runs the rounds. */
export async function startCoordinator(options: CoordinatorOptions, given: CoordinatorPorts): Promise<Coordinator> {
  const config = parseConfig(options);
  const { run } = config;
  const { tuned, clock = systemClock } = given;
  const logger = given.logger ?? createLogger(config);
  const runId = config.runId ?? deriveRunId(run);
  const folder = openRunFolder(config.dataDir, runId, !config.writesRunFiles);
  const journal = openJournal(given.store ?? lmdbStore(join(folder.path, "journal")));
  requireSameRun(journal, run, runId, folder.path);
  const contents = journal.contents();
  const blobs = createBlobStore();
  const meter = createWireMeter((contents?.traffic ?? {}) as Partial<TrafficTotals>);
  const listeners = new Set<(event: CoordinatorEvent) => void>();
  const records: StepRecord[] = [];
  const progress = startProgress(run, tuned, contents);
  const abort = new AbortController();
  let phase: Status["phase"] = "waiting";
  let message: string | null = null;
  let hasBegun = run.roster === "fixed";
  let closing: Promise<void> | null = null;
  const done = deferred<RunOutcome>();
  const closed = deferred<void>();
  done.promise.catch(() => undefined);

  const tell = (event: CoordinatorEvent) => {
    for (const listener of listeners) listener(event);
  };
  const throttle = createThrottle(clock, statusPeriodMs, () => {
    sockets.broadcast(false);
    if (listeners.size > 0) tell({ kind: "status", status: status() });
  });
  const pool = createPool({
    config,
    runId,
    tuned,
    clock,
    journal,
    blobs,
    pastSteps: () => records,
    onChange: () => throttle.request(),
    onReset(deviceId) {
      message = `device ${deviceId} lost its private state and starts afresh`;
      logger.warn({ deviceId }, "a device was reset");
    },
    onAccepted(taskId, deviceId) {
      tell({ kind: "accepted", taskId, deviceId });
    },
    onStateBytes(numBytes) {
      meter.move("states", { up: numBytes, down: 0 });
    },
  });

  function status(): Status {
    const summary = progress.strategy.summary(progress.state);
    const sources = { runId, phase, message, summary, step: pool.step(), members: pool.members, records, tuned };
    return describeRun({ ...sources, traffic: meter.totals(), now: clock.now() });
  }

  const token = createToken();
  const metrics = createMetrics({ status, traffic: () => meter.totals() });
  const urls = { backbone: `/backbones/${run.backbone}/manifest.json`, dataset: "/datasets/" };
  const certificate = await loadCertificate(config.https, join(config.dataDir, "coordinator"));
  const app = await buildHttp(config, {
    blobs,
    logger,
    certificate,
    runPage: () => ({ protocolVersion, runId, run, urls, status: status() }),
    metrics: () => metrics.read(),
    control: (server) => addControl(server, token, { begin, stop: () => void close("closing", "the operator stopped the run") }),
    ...(given.pages === undefined ? {} : { pages: given.pages }),
  });
  const sockets = attachSockets(app.server, {
    pool,
    clock,
    logger,
    maxMessageBytes: largestMessage(tuned, pool.keepsStates),
    helloTimeoutMs: config.helloTimeoutMs,
    flushed: () => journal.flushed(),
    onRefused: (rule) => metrics.refused(rule),
    status,
    welcome: (devices) => ({
      runId,
      run,
      urls,
      devices,
      keepsStates: pool.keepsStates,
      ...(config.expectedClients === null ? {} : { numTabs: config.expectedClients }),
      ...(config.threads === null ? {} : { threads: config.threads }),
      ...(config.backend === null ? {} : { backend: config.backend }),
      status: withoutClients(status()),
    }),
  });
  meter.watch(app.server);
  const first = progress.strategy.summary(progress.state);
  meter.setStep(first.stage);
  const port = await listen(app, config).catch(async (error: unknown) => {
    pool.stop();
    throttle.stop();
    await journal.close();
    throw error;
  });
  const url = `${certificate === null ? "http" : "https"}://${nameForUrl(config.host)}:${port}`;
  if (contents === null) journal.begin(JSON.parse(JSON.stringify(run)));
  folder.writeConfig({ runId, ...config });
  const withdraw = publishControl(config.dataDir, { url, token, pid: process.pid, runId });
  logger.info({ url, runId, config, seed: run.seed, isResumed: contents !== null }, "the coordinator listens");

  function begin(): void {
    hasBegun = true;
    beginning.resolve();
  }
  const beginning = deferred<void>();

  async function whenReady(): Promise<void> {
    while (!hasBegun && !abort.signal.aborted) {
      const numRegistered = pool.roster().length;
      if (numRegistered >= run.minDevices) return;
      message = `${numRegistered} of ${run.minDevices} devices have registered; the operator may begin before`;
      throttle.request();
      await Promise.race([pool.whenRosterChanges(), beginning.promise]);
    }
  }

  function onEvent(event: RoundEvent): void {
    if (event.kind === "waiting" && phase === "waiting" && message === event.reason) return;
    if (event.kind === "planned") message = null;
    if (event.kind === "waiting") message = event.reason;
    if (event.kind === "repeated") message = `repeated: ${event.reason}`;
    phase = event.kind === "waiting" ? "waiting" : event.kind === "done" ? "done" : "running";
    if (event.kind !== "closing" && event.kind !== "closed") logger.info({ event: summarise(event) }, event.kind);
    tell(event);
    const record = records.at(-1);
    if (event.kind === "closed" && record !== undefined) {
      folder.appendStep(record);
      metrics.stepClosed(record.stage, record.seconds);
      logger.info({ record }, "a step closed");
      tell({ kind: "step", record });
    }
    journal.putTraffic(JSON.parse(JSON.stringify(meter.totals())));
    // Clients hear of each step once, when the next one is planned: every status costs them bytes.
    if (event.kind !== "closing" && event.kind !== "closed") setImmediate(() => sockets.broadcast(true));
    throttle.request();
  }

  async function work(): Promise<void> {
    const loopPorts = { run, tuned, pool, journal, blobs, clock, whenReady, onEvent };
    await runLoop(
      progress,
      {
        ...loopPorts,
        onStep: (plan) => meter.setStep(labelOfStep(plan)),
        bytesSoFar: () => bytesOfSteps(meter.totals()),
        onRecord: (record) => records.push(record),
      },
      abort.signal,
    );
    if (abort.signal.aborted) return;
    phase = "done";
    done.resolve(outcome());
  }

  function outcome(): RunOutcome {
    const { strategy, state } = progress;
    const newcomerParams = strategy.newcomerParams(state);
    return {
      runId,
      run,
      summary: strategy.summary(state),
      steps: [...records],
      globalParams: strategy.globalParams(state),
      newcomerParams,
      parametersSha256: parametersSha256(newcomerParams),
      deviceStates: keptStates(pool.members.hosting.devices(), blobs),
      traffic: meter.totals(),
    };
  }

  function close(reason: Goodbye["reason"] = phase === "done" ? "finished" : "closing", why?: string): Promise<void> {
    closing ??= shutDown(reason, why).then(closed.resolve, closed.reject);
    return closing;
  }

  async function shutDown(reason: Goodbye["reason"], why: string | undefined): Promise<void> {
    abort.abort();
    beginning.resolve();
    throttle.stop();
    pool.stop();
    withdraw();
    done.reject(new Error(`run ${runId}: the coordinator was closed before the run was over`));
    journal.putTraffic(JSON.parse(JSON.stringify(meter.totals())));
    sockets.close(reason, why);
    await app.close();
    await journal.flushed();
    await journal.close();
    logger.info({ runId, reason }, "the coordinator closed");
  }

  const earlier = (contents?.history ?? []) as unknown[] as { record: StepRecord }[];
  folder.startSteps(earlier.map((entry) => entry.record));
  work().catch((error: unknown) => {
    phase = "failed";
    message = error instanceof Error ? error.message : String(error);
    logger.fatal({ error }, "the run failed");
    tell({ kind: "failed", error });
    throttle.request();
    done.reject(error);
  });

  return {
    url,
    port,
    runId,
    folder: folder.path,
    controlToken: token,
    config,
    status,
    traffic: () => meter.totals(),
    steps: () => records,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    begin,
    whenDone: () => done.promise,
    whenClosed: () => closed.promise,
    close,
  };
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

/** A folder holds one run: other settings under the same id are refused, with the names that differ. */
function requireSameRun(journal: Journal, run: RunSettings, runId: string, folder: string): void {
  const contents = journal.contents();
  if (contents === null) return;
  const names = differences(contents.run, JSON.parse(JSON.stringify(run)), "run");
  if (names.length === 0) return;
  throw new ConfigError(
    `run ${runId} in ${folder} was begun with other settings (${names.join(", ")}): choose another run id, or the same settings to resume`,
  );
}

function differences(a: unknown, b: unknown, path: string): string[] {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b) ? [] : [path];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].flatMap((name) => differences(Reflect.get(a, name), Reflect.get(b, name), `${path}.${name}`));
}

/** Bytes of the largest submission: all tensors in f32, three times over where states travel, and room for the header. */
function largestMessage({ initial }: TunedParameters, keepsStates: boolean): number {
  return 4 * numValues(initial) * (keepsStates ? 4 : 1) + 1024 * 256;
}

function keptStates(
  devices: Iterable<{ deviceId: DeviceId; stateSha256: string | null }>,
  blobs: BlobStore,
): Map<DeviceId, DeviceStateParts> {
  const states = new Map<DeviceId, DeviceStateParts>();
  for (const { deviceId, stateSha256 } of devices) {
    const bytes = stateSha256 === null ? null : blobs.get(stateSha256);
    if (bytes !== null) states.set(deviceId, decodeDeviceState(bytes));
  }
  return states;
}

/** What the log says of an event: names and numbers, no tensors. */
function summarise(event: RoundEvent): object {
  if (!("plan" in event)) return "reason" in event ? { reason: event.reason } : {};
  const { stage, round, step, attempt, tasks } = event.plan;
  const devices = tasks.map((task) => task.deviceId);
  return { stage, round, step, attempt, kind: tasks[0]?.spec.kind, devices, ...("reason" in event ? { reason: event.reason } : {}) };
}

function nameForUrl(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}
