import { join } from "node:path";
import { numValues } from "@tutti/core";
import { type Goodbye, protocolVersion, type RunInfo } from "@tutti/protocol";
import type { FastifyInstance } from "fastify";
import { findBases } from "./bases.ts";
import type { CoordinatorConfig } from "./config.ts";
import { createAddresses } from "./entry/addresses.ts";
import type { Gate } from "./entry/gate.ts";
import { loadCertificate } from "./http/certificate.ts";
import { addLive, type LiveAudience, type LivePorts, type WatchAccess } from "./http/live.ts";
import { addReport } from "./http/report.ts";
import { buildHttp, type HttpPorts, listen } from "./http/server.ts";
import type { WireMeter } from "./http/wireMeter.ts";
import type { Journal } from "./journal/journal.ts";
import { type ConnectionGuard, guardConnections } from "./limits/connectionGuard.ts";
import { capNotice, connectionCap, readFileLimit } from "./limits/fileLimit.ts";
import type { LiveRun } from "./liveRun.ts";
import type { Metrics } from "./metrics.ts";
import type { Clock } from "./pool/clock.ts";
import { attachSockets, type Sockets } from "./socket.ts";
import type { KeptRounds } from "./start/keptRounds.ts";
import { forLanding, forWelcome } from "./status.ts";
import type { TunedParameters } from "./tuned.ts";

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
  farewell(reason: Goodbye["reason"], message?: string): void;
  /** Listens; resolves with the port, and the address for this machine. */
  open(): Promise<{ readonly port: number; readonly url: string }>;
}

/** What the doors show of the coordinator, and what they ask it to do. */
export interface DoorPorts extends Pick<HttpPorts, "blobs" | "logger" | "control" | "pages" | "metricsAccess"> {
  readonly gate: Gate;
  readonly controlToken: string;
  /** Of the run's files. */
  readonly folder: string;
  readonly config: CoordinatorConfig;
  readonly runId: string;
  readonly tuned: TunedParameters;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly keptRounds: Pick<KeptRounds, "flushed" | "purge">;
  readonly meter: WireMeter;
  readonly live: LiveRun;
  readonly metrics: Metrics;
}

/** Builds the HTTP and socket sides, which do not listen yet. */
export async function buildDoors(ports: DoorPorts): Promise<Doors> {
  const { config, runId, tuned, clock, journal, keptRounds, blobs, meter, logger, live, metrics, pages, control } = ports;
  const { run, admission, expectedClients, threads, backend } = config;
  const { pool } = live;
  const { keepsStates } = pool;
  const base = config.backbonesUrl?.replace(/\/+$/, "") ?? "backbones";
  const urls = { backbone: `${base}/${run.backbone}/manifest.json`, dataset: "datasets/" };
  const bases = findBases(config.publicDir, run);
  const certificate = await loadCertificate(config.https, join(config.dataDir, "coordinator"));
  const addresses = createAddresses(config);
  const app = await buildHttp(config, {
    addresses,
    blobs,
    logger,
    certificate,
    control,
    pages,
    metricsAccess: ports.metricsAccess,
    runPage: () => runPageOf(ports, urls),
    metrics: () =>
      metrics.read({ live: live.feed.whole(), traffic: meter.totals(), numSpectators: sockets.numSpectators() + audience.numWatchers() }),
  });
  const access: WatchAccess = { isOpen: admission === "open", tokens: watchTokens(ports) };
  const audience = addWatching(app, ports, { addresses, access, numSpectators: () => sockets.numSpectators() });
  const sockets = attachSockets(app.server, {
    addresses,
    gate: ports.gate,
    isWatchable: access.isOpen,
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
    onRefused: (rule) => metrics.refused(rule),
    onCall: (name) => metrics.called(name),
    onClosed: (why) => metrics.closed(why),
    status: () => live.status(),
    statusOnArrival: () => live.statusOnArrival(),
    welcome: (devices, { bits }, isRepeated) => ({
      runId,
      run,
      urls: { ...urls, backbone: `${base}/${bases.get(bits ?? 0) ?? run.backbone}/manifest.json` },
      devices,
      keepsStates,
      ...(expectedClients === null ? {} : { numTabs: expectedClients }),
      ...(threads === null ? {} : { threads }),
      ...(backend === null ? {} : { backend }),
      status: forWelcome(live.statusOnArrival(), isRepeated),
    }),
  });
  meter.watch(app.server);
  const fileLimit = readFileLimit();
  const cap = connectionCap(fileLimit, config.connections.max);
  const guard = guardConnections(app.server, { ...config.connections, max: cap }, { clock, onClosed: metrics.closed });
  metrics.observe({ open: guard.numOpen, cap, fileLimit });
  const notice = capNotice(cap, fileLimit, config);
  if (notice !== null) logger.warn({ fileLimit, cap }, notice);
  return {
    app,
    sockets,
    audience,
    guard,
    notices: notice === null ? [] : [notice],
    farewell(reason, message) {
      guard.stop();
      audience.close(reason, message);
      sockets.close(reason, message);
    },
    async open() {
      const port = await listen(app, config);
      return { port, url: `${certificate === null ? "http" : "https"}://${nameForUrl(config.host)}:${port}` };
    },
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

/** With an invitation a client comes in, and nobody watches. */
function watchTokens({ config, gate, controlToken }: DoorPorts): readonly string[] {
  return config.admission === "code" && gate.linkToken !== null ? [controlToken, gate.linkToken] : [controlToken];
}

/** What a landing page needs (P-71, P-108). */
function runPageOf({ config, runId, live }: DoorPorts, urls: RunInfo["urls"]): RunInfo {
  const { run, admission } = config;
  const { keepsStates } = live.pool;
  const present = { status: forLanding(live.statusOnArrival()), progress: live.progress() };
  return { protocolVersion, runId, run, urls, keepsStates, admission, ...hostOf(config), ...present };
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
