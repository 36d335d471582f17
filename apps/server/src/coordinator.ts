import { join } from "node:path";
import { createStrategy, deferred, type Json, numValues, type RunSettings, type Strategy } from "@tutti/core";
import { type Goodbye, protocolVersion, runSettingsSchema, type Status } from "@tutti/protocol";
import type { Logger } from "pino";
import { ConfigError, type CoordinatorConfig, type CoordinatorOptions, parseConfig } from "./config.ts";
import { lockRunFolder } from "./folderLock.ts";
import { createBlobStore } from "./http/blobs.ts";
import { loadCertificate } from "./http/certificate.ts";
import { addControl, createToken, publishControl } from "./http/control.ts";
import { buildHttp, type HttpPorts, listen, type PagesHandler } from "./http/server.ts";
import { createWireMeter, type MeterRecord, type TrafficTotals, type WireMeter } from "./http/wireMeter.ts";
import { type Journal, openJournal } from "./journal/journal.ts";
import type { KeyValueStore } from "./journal/keyValueStore.ts";
import { lmdbStore } from "./journal/lmdbStore.ts";
import { withRoom } from "./journal/readRun.ts";
import { type CoordinatorEvent, createLiveRun, type LiveRun, type RunOutcome } from "./liveRun.ts";
import { createLogger } from "./logger.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { createNews } from "./news.ts";
import { type Clock, systemClock } from "./pool/clock.ts";
import { findRunId, openRunFolder, type RunFolder } from "./runFolder.ts";
import { attachSockets, type Sockets } from "./socket.ts";
import { type ClientPoint, forWelcome } from "./status.ts";
import type { StepRecord } from "./stepRecord.ts";
import type { TunedParameters } from "./tuned.ts";
import { inRunFolder } from "./writableFolder.ts";

export type { CoordinatorEvent, PagesHandler, RunOutcome };

/** What a coordinator is handed beside its configuration. */
export interface CoordinatorPorts {
  readonly tuned: TunedParameters;
  /** The one that the run's settings name when absent. */
  readonly strategy?: Strategy;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Where the journal lives; `<dataDir>/<runId>/journal` when absent. */
  readonly store?: KeyValueStore;
  /** Serves the pages while developing. */
  readonly pages?: HttpPorts["pages"];
}

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
  /** Every client that has said hello, in order of arrival. */
  clients(): readonly ClientPoint[];
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

/** Starts a coordinator: listens, goes on with what the run's journal holds, and runs the rounds. */
export async function startCoordinator(options: CoordinatorOptions, given: CoordinatorPorts): Promise<Coordinator> {
  const config = parseConfig(options);
  const { run } = config;
  const { tuned, clock = systemClock } = given;
  const logger = given.logger ?? createLogger(config);
  const runId = config.runId ?? findRunId(config.dataDir, run);
  const folder = openRunFolder(config.dataDir, runId, !config.writesRunFiles);
  const unlock = lockRunFolder(folder.path);
  const journal = inRunFolder(folder.path, () => openJournal(given.store ?? lmdbStore(join(folder.path, "journal"))));
  requireSameRun(journal, run, runId, folder.path);
  const isResumed = journal.contents() !== null;
  const meter = createWireMeter((journal.contents()?.traffic ?? {}) as MeterRecord);
  const listeners = new Set<(event: CoordinatorEvent) => void>();
  const abort = new AbortController();
  const done = deferred<RunOutcome>();
  const closed = deferred<void>();
  let closing: Promise<void> | null = null;
  let sockets: Sockets | null = null;
  done.promise.catch(() => undefined);
  closed.promise.catch(() => undefined);

  const tell = (event: CoordinatorEvent) => {
    for (const listener of listeners) listener(event);
  };
  const news = createNews({
    clock,
    tellListeners() {
      journal.putTraffic(asJson(meter.record()));
      if (listeners.size > 0) tell({ kind: "status", status: live.status() });
    },
    tellSpectators: () => sockets?.tellSpectators(),
    tellMembers: () => sockets?.tellMembers(),
    numSpectators: () => sockets?.numSpectators() ?? 0,
    numMembers: () => sockets?.numMembers() ?? 0,
  });
  const shared = { config, runId, tuned, clock, journal, blobs: createBlobStore(), meter, logger };
  const live: LiveRun = createLiveRun({
    ...shared,
    strategy: given.strategy ?? createStrategy(run),
    tell,
    onChange: news.changed,
    onStepClosed(record) {
      folder.appendStep(record);
      metrics.stepClosed(record.stage, record.seconds);
    },
  });
  const metrics = createMetrics({ status: () => live.status(), traffic: () => meter.totals() });
  const controlToken = createToken();
  const orders = { begin: () => live.begin(), stop: () => void close("closing", "the operator stopped the run") };

  async function shutDown(reason: Goodbye["reason"], why: string | undefined): Promise<void> {
    abort.abort();
    news.stop();
    live.pool.stop();
    withdraw();
    sockets?.close(reason, why);
    await app.close();
    journal.putTraffic(asJson(meter.record()));
    try {
      await journal.flushed();
    } finally {
      await journal.close();
      unlock();
    }
    logger.info({ runId, reason }, "the coordinator closed");
  }

  function close(reason: Goodbye["reason"] = live.isDone ? "finished" : "closing", why?: string): Promise<void> {
    // Who waits for the end hears first that it was closed on purpose.
    closing ??= shutDown(reason, why)
      .then(closed.resolve, closed.reject)
      .then(() => done.reject(new Error(`run ${runId}: the coordinator was closed before the run was over`)));
    return closing;
  }

  const surroundings = { ...shared, live, metrics, pages: given.pages };
  const { app, attached, url, port } = await openDoors(surroundings, (server) => addControl(server, controlToken, orders)).catch(
    async (error: unknown) => {
      live.pool.stop();
      news.stop();
      await journal.close();
      unlock();
      throw error;
    },
  );
  sockets = attached;
  if (!isResumed) journal.begin(asJson(run));
  const withdraw = publishControl(config.dataDir, { url, token: controlToken, pid: process.pid, runId });
  logger.info({ url, runId, config, seed: run.seed, isResumed }, "the coordinator listens");
  writeFirstFiles(folder, config, journal);
  live.work(abort.signal).then(
    () => {
      if (!abort.signal.aborted) done.resolve(live.outcome());
    },
    (error: unknown) => {
      live.fail(error);
      done.reject(error);
    },
  );

  return {
    ...{ url, port, runId, folder: folder.path, controlToken, config },
    status: () => live.status(),
    clients: () => live.clients(),
    traffic: () => meter.totals(),
    steps: () => live.steps(),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    begin: () => live.begin(),
    whenDone: () => done.promise,
    whenClosed: () => closed.promise,
    close,
  };
}

interface Surroundings extends Pick<HttpPorts, "blobs" | "logger"> {
  readonly config: CoordinatorConfig;
  readonly runId: string;
  readonly tuned: TunedParameters;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly meter: WireMeter;
  readonly live: LiveRun;
  readonly metrics: Metrics;
  readonly pages: HttpPorts["pages"] | undefined;
}

/** Opens the HTTP and socket sides and listens. */
async function openDoors(given: Surroundings, control: HttpPorts["control"]) {
  const { config, runId, tuned, clock, journal, blobs, meter, logger, live, metrics, pages } = given;
  const { run, expectedClients, threads, backend } = config;
  const { pool } = live;
  const base = config.backbonesUrl?.replace(/\/+$/, "") ?? "backbones";
  const urls = { backbone: `${base}/${run.backbone}/manifest.json`, dataset: "datasets/" };
  const certificate = await loadCertificate(config.https, join(config.dataDir, "coordinator"));
  const app = await buildHttp(config, {
    ...{ blobs, logger, certificate, control },
    runPage: () => ({ protocolVersion, runId, run, urls, keepsStates: pool.keepsStates, status: live.statusOnArrival() }),
    metrics: () => metrics.read(),
    ...(pages === undefined ? {} : { pages }),
  });
  const attached = attachSockets(app.server, {
    ...{ pool, clock, logger, helloTimeoutMs: config.helloTimeoutMs },
    maxMessageBytes: largestMessage(tuned, pool.keepsStates),
    flushed: () => journal.flushed(),
    onRefused: (rule) => metrics.refused(rule),
    status: () => live.status(),
    statusOnArrival: () => live.statusOnArrival(),
    welcome: (devices) => ({
      ...{ runId, run, urls, devices, keepsStates: pool.keepsStates },
      ...(expectedClients === null ? {} : { numTabs: expectedClients }),
      ...(threads === null ? {} : { threads }),
      ...(backend === null ? {} : { backend }),
      status: forWelcome(live.statusOnArrival()),
    }),
  });
  meter.watch(app.server);
  const port = await listen(app, config);
  const url = `${certificate === null ? "http" : "https"}://${nameForUrl(config.host)}:${port}`;
  return { app, attached, url, port };
}

function writeFirstFiles(folder: RunFolder, config: CoordinatorConfig, journal: Journal): void {
  const earlier = (journal.contents()?.history ?? []) as { record: StepRecord }[];
  folder.writeConfig(config);
  folder.startSteps(earlier.map((entry) => entry.record));
}

function asJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value));
}

/** A folder holds one run: other settings under the same id are refused, with the names that differ. */
function requireSameRun(journal: Journal, run: RunSettings, runId: string, folder: string): void {
  const contents = journal.contents();
  if (contents === null) return;
  const begun = runSettingsSchema.safeParse(withRoom(contents.run)); // fills in what older runs had no choice of
  const names = differences(begun.success ? begun.data : contents.run, JSON.parse(JSON.stringify(run)), "run").filter(
    (name) => run.roster !== "fixed" || !["run.minDevices", "run.maxDevices"].includes(name), // which a fixed roster does not look at
  );
  if (names.length === 0) return;
  throw new ConfigError(
    `run ${runId} in ${folder} was started with other settings (${names.join(", ")}): choose another run id, or use the same settings to resume it`,
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

function nameForUrl(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}
