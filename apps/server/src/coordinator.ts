import { createStrategy, type Json, needsCompute, type Strategy } from "@tutti/core";
import type { RunEvaluation } from "@tutti/data/node";
import type { Goodbye, Orders, Status } from "@tutti/protocol";
import type { RunOrigin, StepRecord, TrafficTotals } from "@tutti/record";
import type { Logger } from "pino";
import { type RunTokens, runTokens } from "./computeToken.ts";
import { type CoordinatorConfig, type CoordinatorOptions, parseConfig } from "./config.ts";
import { buildDoors, type Doors } from "./doors.ts";
import { createEnding, type Ending } from "./ending.ts";
import { createAddresses } from "./entry/addresses.ts";
import { createAudit } from "./entry/audit.ts";
import { createGate, type Gate } from "./entry/gate.ts";
import type { Listening } from "./entry/links.ts";
import { createReceipts, type Receipts } from "./entry/receipts.ts";
import { withStandings } from "./entry/standings.ts";
import { tokenIn } from "./entry/tokens.ts";
import { type BlobStore, createBlobStore } from "./http/blobs.ts";
import { publishControl } from "./http/control.ts";
import { metricsAccessOf } from "./http/metricsAccess.ts";
import { addControl } from "./http/operator.ts";
import type { HttpPorts, PagesHandler } from "./http/server.ts";
import { createWireMeter, type MeterRecord, type WireMeter } from "./http/wireMeter.ts";
import type { JournalledStanding } from "./journal/journal.ts";
import type { KeyValueStore } from "./journal/keyValueStore.ts";
import { type CoordinatorEvent, createLiveRun, type LiveRun, type ReportAnswers, type RunOutcome } from "./liveRun.ts";
import { createLogger } from "./logger.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { createNews, type News } from "./news.ts";
import { type OpenedRun, openRun } from "./openedRun.ts";
import { controlActions } from "./orders/controlActions.ts";
import type { Following } from "./orders/succession.ts";
import { holdsState } from "./pool/acceptance.ts";
import { type Clock, systemClock } from "./pool/clock.ts";
import { keepTexts } from "./publicTexts.ts";
import { readStartingPoint, type StartPorts } from "./start/readStart.ts";
import type { StartingPoint, StartReader } from "./start/startingPoint.ts";
import type { ClientPoint } from "./status.ts";
import type { TunedParameters } from "./tuned.ts";

export type { CoordinatorEvent, PagesHandler, ReportAnswers, RunOutcome };

/** What a coordinator is handed beside its configuration. */
export interface CoordinatorPorts {
  readonly tuned: TunedParameters;
  /** How many examples each share of the partition holds; where absent, what clients claim is taken (P-120). */
  readonly shareSizes?: readonly number[] | undefined;
  /** The one that the run's settings name when absent. */
  readonly strategy?: Strategy;
  /** Reads the parameters that `startFrom` names, once in a run's life. */
  readonly readStart?: StartReader | undefined;
  /** Answers of a compute client that the run's report shows; without it none are asked for. */
  readonly answers?: ReportAnswers | undefined;
  /** What evaluations count at most; where absent, matrices of any size are taken (P-132). */
  readonly evaluatedRows?: RunEvaluation | undefined;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Where the journal lives; `<dataDir>/<runId>/journal` when absent. */
  readonly store?: KeyValueStore;
  /** Multiplications from which a merge runs in a thread, so that sockets are answered meanwhile; about a third of a second by default. */
  readonly threadFrom?: number;
  /** Has another run follow this one, which is closed; absent where this coordinator serves one run alone. */
  readonly follow?: Following | undefined;
  /** Serves the pages while developing. */
  readonly pages?: HttpPorts["pages"] | undefined;
  /** Whom the operator has let in or banned in a run before this one; taken over when this one begins. */
  readonly standings?: readonly JournalledStanding[] | undefined;
  /** The operator's token, where a run before this one has given it out; by default the one in the run's folder. */
  readonly controlToken?: string | undefined;
}

/** A running coordinator. */
export interface Coordinator extends RunTokens {
  /** For this machine. */
  readonly url: string;
  readonly port: number;
  /** Where plain http is served beside https; null for nowhere. */
  readonly plainPort: number | null;
  /** SHA-256 of a certificate that this machine made; null where there is none. */
  readonly fingerprint: string | null;
  readonly runId: string;
  /** Folder of the run's files. */
  readonly folder: string;
  /** What the operator's page and programs bring; the same when the coordinator is started again. */
  readonly controlToken: string;
  /** What the link to the run carries (P-102, P-103); null where everybody may come. */
  readonly linkToken: string | null;
  readonly config: CoordinatorConfig;
  /** Null where the run started from values drawn from its seed. */
  readonly origin: RunOrigin | null;
  /** What the operator should know, such as a limit that is too low for the run. */
  readonly notices: readonly string[];
  /** What is to be said once of the run's folder, such as that it was an older version's. */
  readonly notes: readonly string[];
  status(): Status;
  /** Every client that has said hello, in order of arrival. */
  clients(): readonly ClientPoint[];
  traffic(): TrafficTotals;
  /** Steps closed so far, those of earlier processes included. */
  steps(): readonly StepRecord[];
  /** Whom the operator has let in or banned. */
  standings(): readonly JournalledStanding[];
  /** The operator's orders so far, and what holds. */
  orders(): Orders;
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
  const logger = given.logger ?? createLogger(config);
  const opened = await openRun(config, given.store);
  const assembly = await orReleased(opened, async () => {
    const strategy = given.strategy ?? createStrategy(config.run);
    const start = await startOf(config, opened, { ...given, strategy });
    return assemble(config, opened, { ...given, logger, strategy, start });
  });
  const { ending } = assembly;
  const controlToken = given.controlToken ?? tokenIn(opened.folder.path, "operator.token");
  const door = { token: controlToken, audit: createAudit(opened.folder.path, logger), refuse: createAddresses(config).refuse };
  const metricsAccess = metricsAccessOf(config, opened.folder.path, controlToken);
  let listening: Listening | null = null;
  const orders = controlActions({
    ...assembly,
    ...opened,
    listening: () => listening,
    follow: given.follow ?? null,
    stop: () => void close(assembly, "closing", "the operator stopped the run"),
  });
  try {
    const control: HttpPorts["control"] = (app) => addControl(app, door, orders);
    const doors = await buildDoors({
      ...assembly,
      ...opened,
      folder: opened.folder.path,
      controlToken,
      metricsAccess,
      pages: given.pages,
      control,
      onNotice(sentence) {
        assembly.logger.warn(sentence);
        for (const listener of assembly.listeners) listener({ kind: "notice", sentence });
      },
    });
    assembly.doors = doors;
    listening = await doors.open();
    begin(assembly, { ...listening, controlToken });
    return describe(assembly, { ...listening, controlToken });
  } catch (error) {
    await (ending.closing ?? giveUp(assembly)); // it may have been stopped while it opened
    throw error;
  }
}

/** Where the run starts, from its journal where there is one; null for values drawn from its seed. */
async function startOf(config: CoordinatorConfig, { journal }: OpenedRun, ports: StartPorts): Promise<StartingPoint | null> {
  const contents = journal.contents();
  return contents === null ? readStartingPoint(config, ports) : contents.start;
}

/** What is made of an opened run; where that fails, as a strategy's start may, the run's folder is given back. */
async function orReleased<T>(opened: OpenedRun, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    await opened.release();
    throw error;
  }
}

/** A coordinator's parts, from before it listens until it has closed. */
interface Assembly {
  readonly gate: Gate;
  readonly tokens: RunTokens;
  readonly receipts: Receipts;
  readonly config: CoordinatorConfig;
  readonly opened: OpenedRun;
  readonly start: StartingPoint | null;
  readonly tuned: TunedParameters;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly blobs: BlobStore;
  readonly meter: WireMeter;
  readonly metrics: Metrics;
  readonly news: News;
  readonly live: LiveRun;
  readonly listeners: Set<(event: CoordinatorEvent) => void>;
  readonly ending: Ending;
  /** Null until they are built. */
  doors: Doors | null;
  /** Takes the control point away; null until it is published. */
  withdraw: (() => void) | null;
}

type Given = CoordinatorPorts & {
  readonly logger: Logger;
  readonly strategy: Strategy;
  readonly start: StartingPoint | null;
};

function assemble(config: CoordinatorConfig, opened: OpenedRun, given: Given): Assembly {
  const { tuned, clock = systemClock, logger, strategy, start } = given;
  const { runId, journal, keptRounds, folder } = opened;
  const tokens = runTokens(folder.path, config, needsCompute(config.run) || given.answers !== undefined);
  const gate = createGate({ config, runId, folder: folder.path, journal: withStandings(journal, given.standings), now: Date.now });
  const receipts = createReceipts({ runId, folder: config.writesRunFiles ? folder.path : null, journal, now: Date.now });
  const listeners = new Set<(event: CoordinatorEvent) => void>();
  const metrics = createMetrics();
  const news = createNews(clock);
  const blobs = createBlobStore(holdsState);
  const texts = keepTexts(folder.path, config.run);
  if (texts !== null) blobs.hold("public texts", texts);
  const meter = createWireMeter((journal.contents()?.traffic ?? {}) as MeterRecord, (sha256) => blobs.isHeldBy(sha256, holdsState));
  const live = createLiveRun({
    config,
    runId,
    tuned,
    shareSizes: given.shareSizes ?? null,
    clock,
    now: Date.now,
    journal,
    receipts,
    keptRounds,
    start: start?.content ?? null,
    ...tokens,
    answers: given.answers ?? null,
    evaluatedRows: given.evaluatedRows ?? null,
    blobs,
    meter,
    logger,
    strategy,
    threadFrom: given.threadFrom,
    tell(event) {
      for (const listener of listeners) listener(event);
    },
    onChange: news.changed,
    onResent: metrics.resent,
    onStepClosed(record) {
      folder.appendStep(record);
      metrics.stepClosed(record.stage, record.seconds);
    },
  });
  const parts = { config, opened, start, tuned, clock, logger, blobs, meter, metrics, news, live, listeners, tokens, gate, receipts };
  return { ...parts, ending: createEnding(), doors: null, withdraw: null };
}

/** What is known once the coordinator listens. */
interface Address extends Listening {
  readonly controlToken: string;
}

/** Begins or resumes the run now that the doors are open. */
function begin(assembly: Assembly, { url, controlToken: token }: Address): void {
  const { config, opened, start, logger, live, ending } = assembly;
  const { runId, folder, journal, isResumed } = opened;
  const { run } = config;
  if (ending.closing !== null) throw new Error(`run ${runId}: the coordinator was stopped before it had begun`);
  if (!isResumed) {
    journal.begin(asJson(run), start);
    for (const standing of assembly.gate.standings()) journal.putStanding(standing);
  }
  assembly.withdraw = publishControl(config.dataDir, { url, token, pid: process.pid, runId });
  const { codeWord: _, ...shown } = config; // run folders and logs are passed on
  logger.info({ url, runId, config: shown, seed: run.seed, origin: start?.origin ?? null, isResumed }, "the coordinator listens");
  const earlier = (journal.contents()?.history ?? []) as { record: StepRecord }[];
  folder.writeConfig(shown);
  folder.startSteps(earlier.map((entry) => entry.record));
  startNews(assembly);
  for (const note of opened.notes) logger.warn(note);
  journal.onBlocked((reason) => {
    if (reason !== null) logger.error(reason);
    live.blocked(reason);
  });
  live.work(ending.abort.signal).then(
    () => {
      if (!ending.abort.signal.aborted) ending.done.resolve(live.outcome());
    },
    (error: unknown) => {
      live.fail(error);
      ending.done.reject(error);
    },
  );
}

function startNews({ news, live, listeners, opened, meter, doors }: Assembly): void {
  news.start({
    tellListeners() {
      opened.journal.putTraffic(asJson(meter.record()));
      if (listeners.size === 0) return;
      const status = live.status();
      for (const listener of listeners) listener({ kind: "status", status });
    },
    tellSpectators: () => doors?.sockets.tellSpectators(),
    tellMembers: () => doors?.sockets.tellMembers(),
    tellWatchers: () => doors?.audience.tell(),
    numWatchers: () => doors?.audience.numWatchers() ?? 0,
    numSpectators: () => doors?.sockets.numSpectators() ?? 0,
    numMembers: () => doors?.sockets.numMembers() ?? 0,
  });
}

/** Closes once, whoever asks for it. */
function close(assembly: Assembly, reason: Goodbye["reason"], why?: string): Promise<void> {
  const { ending, opened } = assembly;
  // Who waits for the end hears first that it was closed on purpose.
  ending.closing ??= shutDown(assembly, reason, why)
    .then(ending.closed.resolve, ending.closed.reject)
    .then(() => ending.done.reject(new Error(`run ${opened.runId}: the coordinator was closed before the run was over`)));
  return ending.closing;
}

async function shutDown(assembly: Assembly, reason: Goodbye["reason"], why: string | undefined): Promise<void> {
  const { ending, opened, doors, meter, logger } = assembly;
  const { runId, journal } = opened;
  ending.abort.abort();
  stopTimers(assembly);
  withdrawControl(assembly);
  await doors?.farewell(reason, why);
  await doors?.close();
  journal.putTraffic(asJson(meter.record()));
  opened.keptRounds.stopWaiting();
  journal.stopWaiting(); // on a full disk: what waits was not acknowledged
  try {
    await journal.flushed();
    await opened.keptRounds.flushed();
  } finally {
    await opened.release();
  }
  logger.info({ runId, reason }, "the coordinator closed");
}

/** A folder that takes no changes any more must not keep the doors open. */
function withdrawControl({ withdraw, logger }: Assembly): void {
  try {
    withdraw?.();
  } catch (err) {
    logger.warn({ err }, "control.json could not be removed");
  }
}

/** Gives back what a coordinator that could not start has opened. */
async function giveUp(assembly: Assembly): Promise<void> {
  stopTimers(assembly);
  assembly.doors?.guard.stop();
  await assembly.doors?.close();
  await assembly.opened.release();
}

function stopTimers({ news, live }: Assembly): void {
  news.stop();
  live.pool.stop();
}

function describe(assembly: Assembly, address: Address): Coordinator {
  const { config, opened, start, live, meter, listeners, ending } = assembly;
  return {
    ...address,
    runId: opened.runId,
    folder: opened.folder.path,
    ...assembly.tokens,
    linkToken: assembly.gate.linkToken,
    config,
    origin: start?.origin ?? null,
    notices: assembly.doors?.notices ?? [],
    notes: opened.notes,
    status: live.status,
    clients: live.clients,
    traffic: () => meter.totals(),
    steps: live.steps,
    standings: assembly.gate.standings,
    orders: () => ({ events: live.book.events(), inForce: live.book.inForce() }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    begin: live.begin,
    whenDone: () => ending.done.promise,
    whenClosed: () => ending.closed.promise,
    close: (reason = live.isDone ? "finished" : "closing", message) => close(assembly, reason, message),
  };
}

function asJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value));
}
