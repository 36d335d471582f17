import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { RoundPlan } from "@tutti/core";

/** Bytes on the wire as the clients see them: `up` leaves a client, `down` reaches it. */
export interface WireBytes {
  readonly up: number;
  readonly down: number;
}

/** What bytes are spent on: the steps of a run by stage, evaluation and kept device states apart, and everything a client needs before it can take part. */
export type TrafficLabel = "score" | "count" | "train" | "evaluation" | "states" | "backbone" | "dataset" | "pages";

export type TrafficTotals = Readonly<Record<TrafficLabel, WireBytes>>;

export const trafficLabels: readonly TrafficLabel[] = ["score", "count", "train", "evaluation", "states", "backbone", "dataset", "pages"];

interface Meter {
  readonly socket: Socket;
  read: number;
  written: number;
  /** Null for whatever belongs to the step that is open. */
  label: TrafficLabel | null;
}

/**
 * Counts what TCP connections really carried, headers, framing and TLS included.
 * A connection has one label at a time; its bytes since the last look are charged when the label changes or totals are read.
 */
export interface WireMeter {
  /** Counts every connection of a server from now on, labelled by what it asks for. Call it when all other listeners are in place. */
  watch(server: Server): void;
  /** From now on the open step is charged to this label. */
  setStep(label: TrafficLabel): void;
  /** Moves bytes of the open step to another label, such as device states inside a submission. */
  move(to: TrafficLabel, bytes: WireBytes): void;
  totals(): TrafficTotals;
}

/** The bytes of all steps together. */
export function bytesOfSteps({ score, count, train, evaluation }: TrafficTotals): WireBytes {
  const steps = [score, count, train, evaluation];
  return { up: steps.reduce((sum, { up }) => sum + up, 0), down: steps.reduce((sum, { down }) => sum + down, 0) };
}

/** What a step's bytes are charged to. */
export function labelOfStep({ stage, tasks }: Pick<RoundPlan, "stage" | "tasks">): TrafficLabel {
  return tasks[0]?.spec.kind === "evaluate" ? "evaluation" : stage;
}

/** A meter that goes on from the totals of an earlier process. */
export function createWireMeter(earlier: Partial<TrafficTotals> = {}): WireMeter {
  const totals = Object.fromEntries(trafficLabels.map((label) => [label, { up: 0, down: 0, ...earlier[label] }])) as Record<
    TrafficLabel,
    { up: number; down: number }
  >;
  const meters = new Map<string, Meter>();
  let step: TrafficLabel = "train";

  function charge(meter: Meter): void {
    const { bytesRead, bytesWritten } = meter.socket;
    const total = totals[meter.label ?? step];
    total.up += bytesRead - meter.read;
    total.down += bytesWritten - meter.written;
    meter.read = bytesRead;
    meter.written = bytesWritten;
  }

  /** Labels a connection by a request that has arrived. What was read since the last answer is this request; what was written is of the one before. */
  function label({ socket, url = "" }: IncomingMessage): Meter | null {
    const meter = meters.get(addressOf(socket));
    if (meter === undefined) return null;
    const { bytesWritten } = meter.socket;
    totals[meter.label ?? step].down += bytesWritten - meter.written;
    meter.written = bytesWritten;
    meter.label = labelOf(url);
    return meter;
  }

  return {
    watch(server) {
      server.on("connection", (socket: Socket) => {
        const key = addressOf(socket);
        const meter: Meter = { socket, read: 0, written: 0, label: "pages" };
        meters.set(key, meter);
        socket.once("close", () => {
          charge(meter);
          if (meters.get(key) === meter) meters.delete(key);
        });
      });
      server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
        const meter = label(request);
        if (meter !== null) response.once("close", () => charge(meter));
      });
      server.prependListener("upgrade", label);
    },
    setStep(label) {
      for (const meter of meters.values()) if (meter.label === null) charge(meter);
      step = label;
    },
    move(to, { up, down }) {
      totals[step].up -= up;
      totals[step].down -= down;
      totals[to].up += up;
      totals[to].down += down;
    },
    totals() {
      for (const meter of meters.values()) charge(meter);
      return Object.fromEntries(trafficLabels.map((label) => [label, { ...totals[label] }])) as Record<TrafficLabel, WireBytes>;
    },
  };
}

/** Null for what belongs to the open step: its parameters and every message. */
function labelOf(url: string): TrafficLabel | null {
  if (url.startsWith("/blobs/") || url.startsWith("/socket.io/")) return null;
  if (url.startsWith("/backbones/")) return "backbone";
  return url.startsWith("/datasets/") ? "dataset" : "pages";
}

function addressOf({ remoteAddress, remotePort }: { remoteAddress?: string | undefined; remotePort?: number | undefined }): string {
  return `${remoteAddress}|${remotePort}`;
}
