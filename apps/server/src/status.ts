import { numValues, type StrategySummary } from "@tutti/core";
import { type ClientPoint, limits, type Status } from "@tutti/protocol";
import type { TrafficTotals } from "./http/wireMeter.ts";
import type { OpenStep } from "./pool/openStep.ts";
import type { Roster } from "./pool/roster.ts";
import { historyPoint, type StepRecord } from "./stepRecord.ts";
import type { TunedParameters } from "./tuned.ts";
import { whyWaiting } from "./waiting.ts";

/** What a status is made of. */
export interface StatusSources {
  readonly runId: string;
  readonly phase: Status["phase"];
  readonly message: string | null;
  readonly summary: StrategySummary | null;
  readonly step: OpenStep | null;
  readonly members: Roster;
  readonly records: readonly StepRecord[];
  readonly traffic: TrafficTotals;
  readonly tuned: TunedParameters;
  /** Uptime in milliseconds. */
  readonly now: number;
}

/** The run as the pages and the demo show it (P-70). */
export function describeRun(sources: StatusSources): Status {
  const { runId, phase, message, summary, step, members, traffic, now } = sources;
  const clients = members.clients();
  const connected = clients.filter((client) => client.connection !== null);
  const leases = step === null || step.isOver ? [] : [...step.leases.values()];
  const isIn = (lease: (typeof leases)[number]) => lease.accepted !== null && lease.state === "over";
  const hosted = new Map<string, number[]>();
  for (const { deviceId, clientKey } of members.hosting.devices())
    if (clientKey !== null) hosted.set(clientKey, [...(hosted.get(clientKey) ?? []), deviceId]);
  const plan = step?.plan;
  const isOpen = plan !== undefined && phase === "running";
  return {
    runId,
    phase,
    stage: plan?.stage ?? summary?.stage ?? null,
    round: plan?.round ?? 0,
    numRounds: summary?.numRounds ?? 0,
    step: plan?.step ?? 0,
    attempt: plan?.attempt ?? 0,
    numConnected: connected.length,
    numDevices: members.list().length,
    numPaused: connected.filter((client) => client.isPaused).length,
    tasksOut: leases.filter((lease) => lease.state === "open").length,
    tasksIn: leases.filter(isIn).length,
    layerScores: summary?.layerScores ?? null,
    selectedLayers: summary?.selectedLayers ?? null,
    keepFraction: summary?.keepFraction ?? null,
    probes: (summary?.probes ?? []).slice(0, 100).map(({ deviceId, ritzValues, ritzWeights, keepFraction }) => ({
      deviceId,
      ritzValues,
      ritzWeights,
      keepFraction,
    })),
    history: sources.records.slice(-limits.maxHistory).map(historyPoint),
    historyStart: Math.max(0, sources.records.length - limits.maxHistory),
    bytes: {
      score: rounded(traffic.score),
      count: rounded(traffic.count),
      train: rounded(traffic.train),
      evaluation: rounded(traffic.evaluation),
    },
    allLayersF32: allLayers(sources.records, 4 * numValues(sources.tuned.initial)),
    message: message === null ? null : (phase === "waiting" ? whyWaiting(message, clients) : message).slice(0, 500),
    clients: clients.map((client) => describeClient(client, hosted.get(client.clientKey) ?? [])),
    deadlineMs: isOpen && step?.deadlineAt != null ? Math.max(0, Math.round(step.deadlineAt - now)) : null,
  };
}

/** The same for a client at work: without clients and probes, which cost bytes and are the dashboard's. */
export function forWelcome(status: Status): Status {
  return { ...status, clients: [], probes: [] };
}

/** More than are added between two statuses to a client at work. */
const numLatest = 4;

/** The same with the latest points only: with the whole history each time, bytes would grow with the square of the rounds. */
export function forClient(status: Status): Status {
  const { history, historyStart = 0 } = status;
  const from = Math.max(0, history.length - numLatest);
  return { ...forWelcome(status), history: history.slice(from), historyStart: historyStart + from };
}

function describeClient(client: ReturnType<Roster["clients"]>[number], deviceIds: readonly number[]): ClientPoint {
  const { nickname, connection, isPaused, progress, compute } = client;
  return { nickname, deviceIds, backend: compute?.backend ?? null, isConnected: connection !== null, isPaused, progress };
}

function allLayers(records: readonly StepRecord[], numBytes: number): Status["allLayersF32"] {
  // a later step of a round trains what stays on the devices
  const rounds = records.filter((record) => record.stage === "train" && record.kind === "train" && record.step === 1);
  const sum = (of: (record: StepRecord) => number) => rounds.reduce((total, record) => total + of(record), 0);
  return { up: numBytes * sum((record) => record.counted.length), down: numBytes * sum((record) => record.cohort.length) };
}

function rounded({ up, down }: { up: number; down: number }): { up: number; down: number } {
  return { up: Math.max(0, Math.round(up)), down: Math.max(0, Math.round(down)) };
}
