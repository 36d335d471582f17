import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Server as NetServer, Socket } from "node:net";
import { isComputeKind, type RoundPlan } from "@tutti/core";
import { type StepBytes, type TrafficLabel, type TrafficTotals, trafficLabels, type WireBytes } from "@tutti/record";
import { createEvaluationDownloads, type FetchedBlobs } from "./evaluationDownloads.ts";

/** What a meter of a later process goes on from. */
export interface MeterRecord extends Partial<TrafficTotals> {
  readonly takenOver?: WireBytes;
  readonly fetched?: FetchedBlobs;
}

interface Meter {
  readonly socket: Socket;
  read: number;
  written: number;
  /** Null for whatever belongs to the step that is open. */
  label: TrafficLabel | null;
  /** The blob that was asked for last; null where it was something else. */
  sha256: string | null;
}

/**
 * Counts what TCP connections really carried, headers, framing and TLS included.
 * A connection has one label at a time; its bytes since the last look are charged when the label changes or totals are read.
 */
export interface WireMeter {
  /**
   * Counts every connection of a server from now on, labelled by what it asks for. Call it when all other listeners are in place. `listeners`: where the
   * connections arrive, by default at the server itself.
   */
  watch(server: Server, listeners?: readonly NetServer[]): void;
  /** From now on the open step is charged to this label; its tasks name these blobs. Null for `waiting`, while no step is open. */
  setStep(label: TrafficLabel, sha256s: readonly string[] | null): void;
  /** A client is handed a task of the open step that names these blobs: what an evaluation fetched of them for it is charged to training from now on. */
  handOut(clientKey: string, sha256s: readonly string[]): void;
  /** Moves bytes of the open step to another label, such as device states inside a submission. */
  move(to: TrafficLabel, bytes: WireBytes): void;
  totals(): TrafficTotals;
  /** The bytes of all steps together. */
  ofSteps(): StepBytes;
  record(): MeterRecord;
}

function bytesOfSteps({ score, count, train, evaluation }: TrafficTotals): WireBytes {
  const steps = [score, count, train, evaluation];
  return { up: steps.reduce((sum, { up }) => sum + up, 0), down: steps.reduce((sum, { down }) => sum + down, 0) };
}

/** What a step's bytes are charged to. */
export function labelOfStep({ stage, tasks }: Pick<RoundPlan, "stage" | "tasks">): TrafficLabel {
  const kind = tasks[0]?.spec.kind ?? "train";
  if (isComputeKind(kind)) return "waiting"; // a compute client's bytes belong to no device
  return kind === "evaluate" ? "evaluation" : stage;
}

/** A meter that goes on from the record of an earlier process. `isState` tells of a blob whether it is a device's state, which is charged apart from the step. */
export function createWireMeter(earlier: MeterRecord = {}, isState: (sha256: string) => boolean = () => false): WireMeter {
  const totals = Object.fromEntries(trafficLabels.map((label) => [label, { up: 0, down: 0, ...earlier[label] }])) as Record<
    TrafficLabel,
    { up: number; down: number }
  >;
  const downloads = createEvaluationDownloads(earlier.fetched);
  const takenOver = { ...(earlier.takenOver ?? { up: 0, down: 0 }) };
  const meters = new Map<string, Meter>();
  let step: TrafficLabel = "waiting";
  /** Blobs that the open step's tasks name: whoever asks for others leaves no trace. */
  let named: ReadonlySet<string> = new Set(Object.keys(earlier.fetched ?? {}));
  const isOfEvaluation = (sha256: string | null): sha256 is string => sha256 !== null && step === "evaluation" && named.has(sha256);

  function charge(meter: Meter, isRequestLeftOut = false): void {
    const { bytesRead, bytesWritten } = meter.socket;
    const bytes = { up: isRequestLeftOut ? 0 : bytesRead - meter.read, down: bytesWritten - meter.written };
    add(totals[meter.label ?? step], bytes);
    if (isOfEvaluation(meter.sha256)) downloads.carried(meter.sha256, bytes);
    meter.read += bytes.up;
    meter.written += bytes.down;
  }

  /** Labels a connection by a request that has arrived. What was read since the last answer is this request; what was written is of the one before. */
  function label({ socket, url = "" }: IncomingMessage): Meter | null {
    const meter = meters.get(addressOf(socket));
    if (meter === undefined) return null;
    charge(meter, true);
    const sha256 = /^\/blobs\/([0-9a-f]{64})$/.exec(url)?.[1] ?? null;
    meter.label = sha256 !== null && isState(sha256) ? "states" : labelOf(url);
    meter.sha256 = sha256;
    return meter;
  }

  function arrived(socket: Socket): void {
    const key = addressOf(socket);
    const meter: Meter = { socket, read: 0, written: 0, label: "pages", sha256: null };
    meters.set(key, meter);
    socket.once("close", () => {
      charge(meter);
      if (meters.get(key) === meter) meters.delete(key);
    });
  }

  function totalsNow(): TrafficTotals {
    for (const meter of meters.values()) charge(meter);
    return Object.fromEntries(trafficLabels.map((label) => [label, { ...totals[label] }])) as Record<TrafficLabel, WireBytes>;
  }

  return {
    watch(server, listeners = [server]) {
      for (const listener of listeners) listener.on("connection", arrived);
      server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
        const meter = label(request);
        if (meter === null) return;
        const { sha256 } = meter;
        response.once("close", () => {
          charge(meter);
          if (isOfEvaluation(sha256)) downloads.answered(sha256);
        });
      });
      server.prependListener("upgrade", label);
    },
    setStep(label, sha256s) {
      for (const meter of meters.values()) if (meter.label === null) charge(meter);
      step = label;
      if (sha256s === null) return;
      named = new Set(sha256s);
      downloads.keepOnly(sha256s);
    },
    handOut(clientKey, sha256s) {
      for (const sha256 of sha256s) {
        const bytes = downloads.handedOut(sha256, clientKey, step === "evaluation");
        shift(totals.evaluation, totals[step], bytes);
        add(takenOver, bytes);
      }
    },
    move: (to, bytes) => shift(totals[step], totals[to], bytes),
    totals: totalsNow,
    ofSteps: () => ({ ...bytesOfSteps(totalsNow()), takenOver: { ...takenOver } }),
    record: () => ({ ...totalsNow(), takenOver: { ...takenOver }, fetched: downloads.blobs() }),
  };
}

function add(total: { up: number; down: number }, { up, down }: WireBytes): void {
  total.up += up;
  total.down += down;
}

function shift(from: { up: number; down: number }, to: { up: number; down: number }, bytes: WireBytes): void {
  add(from, { up: -bytes.up, down: -bytes.down });
  add(to, bytes);
}

/** Null for what belongs to the open step: its parameters and every message. */
function labelOf(url: string): TrafficLabel | null {
  if (url.startsWith("/blobs/") || url.startsWith("/socket.io/")) return null;
  if (url.startsWith("/backbones/")) return "backbone";
  return url.startsWith("/datasets/") || url.startsWith("/texts/") ? "dataset" : "pages";
}

function addressOf({ remoteAddress, remotePort }: { remoteAddress?: string | undefined; remotePort?: number | undefined }): string {
  return `${remoteAddress}|${remotePort}`;
}
