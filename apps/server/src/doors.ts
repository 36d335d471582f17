import { join } from "node:path";
import { numValues } from "@tutti/core";
import { type Goodbye, protocolVersion, type RunInfo } from "@tutti/protocol";
import type { FastifyInstance } from "fastify";
import { findBases } from "./bases.ts";
import type { CoordinatorConfig } from "./config.ts";
import { createAddresses } from "./entry/addresses.ts";
import type { Gate } from "./entry/gate.ts";
import type { Listening } from "./entry/links.ts";
import { createGuesses, createReading, type ReadingPorts } from "./entry/reading.ts";
import type { Receipts } from "./entry/receipts.ts";
import { isBearer } from "./entry/tokens.ts";
import { fingerprintOf, loadCertificate } from "./http/certificate.ts";
import { createFront, type Front, type FrontPorts } from "./http/front.ts";
import { addLive, type LiveAudience, type LivePorts, type WatchAccess } from "./http/live.ts";
import { addReport } from "./http/report.ts";
import { buildHttp, type HttpPorts, listen, listenAt } from "./http/server.ts";
import type { WireMeter } from "./http/wireMeter.ts";
import type { Journal } from "./journal/journal.ts";
import { type ConnectionGuard, guardConnections } from "./limits/connectionGuard.ts";
import { capNotice, connectionCap, readFileLimit } from "./limits/fileLimit.ts";
import type { LiveRun } from "./liveRun.ts";
import type { Metrics } from "./metrics.ts";
import type { Clock } from "./pool/clock.ts";
import { type AttachPorts, attachSockets, type Sockets } from "./socket.ts";
import type { KeptRounds } from "./start/keptRounds.ts";
import type { StartingPoint } from "./start/startingPoint.ts";
import { forLanding, forWelcome } from "./status.ts";
import type { TunedParameters } from "./tuned.ts";
import { createTunedFiles } from "./tunedFile.ts";

/** What clients and pages reach a coordinator through. */
export interface Doors {
  readonly app: FastifyInstance;
  readonly sockets: Sockets;
  /** Who reads the live feed. */
  readonly audience: LiveAudience;
  readonly guard: ConnectionGuard;
  /** What the operator should know before the run begins; empty where all is well. */
  readonly notices: readonly string[];
  /** Says goodbye to everybody who is connected. */
  farewell(reason: Goodbye["reason"], message?: string): Promise<void>;
  /** Listens; resolves with the ports, and the address for this machine. */
  open(): Promise<Listening>;
  /** Takes nobody any more, and closes every connection. */
  close(): Promise<void>;
}

/** What the doors show of the coordinator, and what they ask it to do. */
export interface DoorPorts extends Pick<HttpPorts, "blobs" | "logger" | "control" | "pages" | "metricsAccess" | "onNotice"> {
  readonly gate: Gate;
  /** Of the run's files. */
  readonly folder: string;
  readonly receipts: Receipts;
  readonly config: CoordinatorConfig;
  readonly runId: string;
  readonly tuned: TunedParameters;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly keptRounds: Pick<KeptRounds, "flushed" | "purge">;
  readonly meter: WireMeter;
  readonly live: LiveRun;
  /** Null where the run started from values drawn from its seed. */
  readonly start: StartingPoint | null;
  readonly controlToken: string;
  readonly metrics: Metrics;
}

/** Builds the HTTP and socket sides, which do not listen yet. */
export async function buildDoors(ports: DoorPorts): Promise<Doors> {
  const { config, tuned, clock, journal, keptRounds, blobs, meter, logger, live, metrics, pages, control } = ports;
  const { run, admission } = config;
  const { pool } = live;
  const { keepsStates } = pool;
  const base = config.backbonesUrl?.replace(/\/+$/, "") ?? "backbones";
  const urls = { backbone: `${base}/${run.backbone}/manifest.json`, dataset: "datasets/" };
  const certificate = await loadCertificate(config.https, join(config.dataDir, "coordinator"));
  const addresses = createAddresses(config);
  /** What a page says of a certificate that nobody else has signed; the ports are known once it listens. */
  let trust: RunInfo["trust"] | null = null;
  const reading = { controlToken: ports.controlToken, guesses: createGuesses(clock.now), trustProxy: config.trustProxy };
  const app = await buildHttp(config, {
    addresses,
    blobs,
    logger,
    certificate,
    control,
    pages,
    onNotice: ports.onNotice,
    metricsAccess: ports.metricsAccess,
    tunedDoor: tunedDoorOf(ports, reading),
    runPage: runPageOf(ports, urls, () => trust),
    metrics: () => metrics.read({ live: live.feed.whole(), traffic: meter.totals(), numSpectators: numWatching() }),
  });
  const audience = addWatching(app, ports, {
    addresses,
    access: watchAccess(ports, reading),
    numSpectators: () => sockets.numSpectators(),
  });
  const numWatching = () => sockets.numSpectators() + audience.numWatchers();
  const sockets = attachSockets(app.server, {
    addresses,
    gate: ports.gate,
    isWatchable: admission === "open",
    pool,
    clock,
    logger,
    helloTimeoutMs: config.helloTimeoutMs,
    maxSpectators: config.maxSpectators,
    numWatchers: audience.numWatchers,
    trustProxy: config.trustProxy,
    tokenOf: ({ clientKey, token }) => (admission === "open" ? null : (ports.gate.standingOf(clientKey).invitation ?? token ?? null)),
    maxMessageBytes: largestMessage(tuned, keepsStates),
    flushed: () => journal.flushed(),
    async deleted() {
      await Promise.all([journal.flushed(), keptRounds.flushed()]);
      await Promise.all([journal.purge(), keptRounds.purge()]);
    },
    receiptOf: ports.receipts.of,
    onRefused: (rule) => metrics.refused(rule),
    onCall: (name) => metrics.called(name),
    onClosed: (why) => metrics.closed(why),
    status: () => live.status(),
    statusOnArrival: () => live.statusOnArrival(),
    welcome: welcomeOf(ports, urls, base),
  });
  const front = certificate === null ? null : createFront(app.server, { ...frontSettings(config), certificate, addresses });
  const listeners = front?.listeners ?? [app.server];
  meter.watch(app.server, listeners);
  const fileLimit = readFileLimit();
  const cap = connectionCap(fileLimit, config.connections.max);
  const guard = guardConnections(app.server, { ...config.connections, max: cap }, { clock, onClosed: metrics.closed, listeners });
  metrics.observe({ open: guard.numOpen, cap, fileLimit });
  const notices = noticesOf(cap, fileLimit, ports);
  return {
    app,
    sockets,
    audience,
    guard,
    notices,
    async farewell(reason, message) {
      guard.stop();
      audience.close(reason, message);
      await sockets.close(reason, message);
    },
    async open() {
      const listening = front === null ? await openPlain(app, config) : await openFront(app, front, config);
      const fingerprint = config.https === "self" && certificate !== null ? fingerprintOf(certificate) : null;
      if (fingerprint !== null) trust = trustOf(fingerprint, listening);
      return { ...listening, fingerprint };
    },
    async close() {
      await front?.close();
      await app.close();
    },
  };
}

/** The answer to a hello (P-20), with the backbone of the client's bits. */
function welcomeOf({ config, runId, live }: DoorPorts, urls: RunInfo["urls"], base: string): AttachPorts["welcome"] {
  const { run, publicDir, expectedClients, threads, backend } = config;
  const bases = findBases(publicDir, run);
  return (devices, { bits }, isRepeated) => ({
    runId,
    run,
    urls: { ...urls, backbone: `${base}/${bases.get(bits ?? 0) ?? run.backbone}/manifest.json` },
    devices,
    keepsStates: live.pool.keepsStates,
    ...(expectedClients === null ? {} : { numTabs: expectedClients }),
    ...(threads === null ? {} : { threads }),
    ...(backend === null ? {} : { backend }),
    status: forWelcome(live.statusOnArrival(), isRepeated),
  });
}

/** What the run has tuned, and who may have it. */
function tunedDoorOf({ runId, config, live, start, gate }: DoorPorts, reading: Omit<ReadingPorts, "lets">): HttpPorts["tunedDoor"] {
  return {
    latest: createTunedFiles({ runId, run: config.run, tuned: () => live.tunedNow(start !== null) }),
    mayRead: createReading({ ...reading, lets: gate.mayRead }),
  };
}

/** The answer to GET /run.json (P-108). */
function runPageOf({ config, runId, live, receipts }: DoorPorts, urls: RunInfo["urls"], trust: () => RunInfo["trust"] | null) {
  return (): RunInfo => {
    return {
      ...{ protocolVersion, runId, run: config.run, urls, keepsStates: live.pool.keepsStates, admission: config.admission },
      ...hostOf(config),
      ...invitationOf(config, trust()),
      receiptKey: receipts.key,
      status: forLanding(live.statusOnArrival()),
      progress: live.progress(),
    };
  };
}

/** Who watches: the live feed, and the report. */
function addWatching(app: FastifyInstance, ports: DoorPorts, sides: Pick<LivePorts, "addresses" | "access"> & { numSpectators(): number }) {
  const { config, clock, live, metrics, folder } = ports;
  const audience: LiveAudience = addLive(app, {
    ...sides,
    clock,
    feed: live.feed,
    hasRoom: () => sides.numSpectators() + audience.numWatchers() < config.maxSpectators,
    onClosed: metrics.closed,
  });
  addReport(app, { ...sides, folder });
  return audience;
}

/** With an invitation a client comes in, and nobody watches (P-172). */
function watchAccess({ config, gate }: DoorPorts, reading: Omit<ReadingPorts, "lets">): WatchAccess {
  const isByInvitation = config.admission === "invitations";
  return {
    judge: createReading({ ...reading, lets: (token) => !isByInvitation && gate.mayRead(token) }),
    isOperator: ({ headers }) => isBearer(headers.authorization, reading.controlToken),
    asksFor: isByInvitation ? "the operator's token" : "the run's code word, or the operator's token",
  };
}

function noticesOf(cap: number | null, fileLimit: number | null, { config, logger }: DoorPorts): string[] {
  const notice = capNotice(cap, fileLimit, config);
  if (notice !== null) logger.warn({ fileLimit, cap }, notice);
  return notice === null ? [] : [notice];
}

function frontSettings({ plainPort, connections }: CoordinatorConfig): Pick<FrontPorts, "isPlainOffered" | "headersTimeoutMs"> {
  return { isPlainOffered: plainPort !== null, headersTimeoutMs: connections.headersTimeoutMs };
}

type Ports = Omit<Listening, "fingerprint">;

async function openPlain(app: FastifyInstance, config: CoordinatorConfig): Promise<Ports> {
  const port = await listen(app, config);
  return { port, url: `http://${nameForUrl(config.host)}:${port}`, plainPort: null };
}

async function openFront(app: FastifyInstance, front: Front, { host, port: wanted, plainPort: plain }: CoordinatorConfig): Promise<Ports> {
  await app.ready();
  const port = await listenAt(front.secure, { host, port: wanted });
  const plainPort = front.plain === null ? null : await listenAt(front.plain, { host, port: plain ?? 0 });
  return { port, url: `https://${nameForUrl(host)}:${port}`, plainPort };
}

function trustOf(sha256: string, { port, plainPort }: Ports): NonNullable<RunInfo["trust"]> {
  return { sha256, port, ...(plainPort === null ? {} : { plainPort }) };
}

/** How others come in, where that is not the page's own address (P-191). */
function invitationOf({ inviteUrl }: CoordinatorConfig, trust: RunInfo["trust"] | null): Pick<RunInfo, "inviteUrl" | "trust"> {
  return { ...(inviteUrl === undefined ? {} : { inviteUrl }), ...(trust == null ? {} : { trust }) };
}

/** What the operator says of the run (P-160). */
function hostOf({ hostedBy, about }: CoordinatorConfig): Pick<RunInfo, "host"> {
  if (hostedBy === undefined && about === undefined) return {};
  return { host: { ...(hostedBy === undefined ? {} : { name: hostedBy }), ...(about === undefined ? {} : { about }) } };
}

/** Bytes of the largest submission: all tensors in f32, three times over where states travel, and room for the header. */
function largestMessage({ initial }: TunedParameters, keepsStates: boolean): number {
  return 4 * numValues(initial) * (keepsStates ? 4 : 1) + 1024 * 256;
}

function nameForUrl(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}
