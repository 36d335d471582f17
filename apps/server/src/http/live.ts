import type { IncomingMessage, ServerResponse } from "node:http";
import { writeEvent } from "@tutti/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Addresses } from "../entry/addresses.ts";
import type { Reading } from "../entry/reading.ts";
import type { Feed } from "../live/feed.ts";
import type { Clock } from "../pool/clock.ts";
import { readingRefusals } from "./tunedRoute.ts";

/** What the feed's route needs of the coordinator. */
export interface LivePorts {
  readonly feed: Feed;
  readonly addresses: Pick<Addresses, "refuse">;
  readonly access: WatchAccess;
  readonly clock: Clock;
  /** Whether one more may watch (P-114). */
  hasRoom(): boolean;
  /** A reader was closed that did not read. */
  onClosed(why: "unread"): void;
}

/** Who may watch a run (P-172). */
export interface WatchAccess {
  readonly judge: Reading;
  /** Who operates the run watches however many others do. */
  isOperator(request: Pick<IncomingMessage, "headers">): boolean;
  /** What somebody must bring whom it does not let in. */
  readonly asksFor: string;
}

/** Everybody that reads the feed. */
export interface LiveAudience {
  numWatchers(): number;
  /** Sends what has changed to all of them. */
  tell(): void;
  /** Says goodbye and ends the streams. */
  close(reason: string, message?: string): void;
}

/** Milliseconds after which a reader that lost the feed asks again. */
const retryMs = 2000;

const heartbeatMs = 15_000;

/** Of a reader that does not read, beside the whole that it was given: a slow one needs a while for that. */
const maxUnreadBytes = 4_000_000;

/** A whole of so long ago is given to who comes: a class that opens the stage at once is written one text, and those who do not read it share its bytes. */
const momentMs = 250;

/** Adds `GET /live` (P-170); what it returns tells its readers. */
export function addLive(app: FastifyInstance, ports: LivePorts): LiveAudience {
  const { feed, clock } = ports;
  /** With the bytes of the whole that each was given. */
  const watchers = new Map<ServerResponse, number>();
  let number = 0;
  let known = { bytes: Buffer.alloc(0), at: Number.NEGATIVE_INFINITY };

  function whole(): Buffer {
    if (clock.now() - known.at < momentMs) return known.bytes;
    known = { bytes: Buffer.from(`retry: ${retryMs}\n\n${writeEvent("whole", number, feed.whole())}`), at: clock.now() };
    return known.bytes;
  }

  const sendAll = (text: string): void => {
    const bytes = Buffer.from(text);
    for (const [watcher, wholeBytes] of watchers) {
      if (watcher.writableLength <= maxUnreadBytes + wholeBytes) watcher.write(bytes);
      else {
        ports.onClosed("unread");
        watcher.destroy();
      }
    }
  };

  let stopBeating: () => void = () => undefined;
  const beat = (): void => {
    sendAll(": here\n\n");
    stopBeating = clock.after(heartbeatMs, beat);
  };
  stopBeating = clock.after(heartbeatMs, beat);

  app.get("/live", { compress: false, exposeHeadRoute: false }, async (request, reply) => {
    const refusal = refusalOf(request, ports);
    if (refusal !== null) return refuse(reply, refusal);
    const stream = openStream(reply);
    const first = whole();
    watchers.set(stream, first.length);
    stream.once("close", () => watchers.delete(stream));
    stream.write(first);
    return reply;
  });

  return {
    numWatchers: () => watchers.size,
    tell() {
      if (watchers.size === 0) return;
      const change = feed.change();
      if (change === null) return;
      number += 1;
      known = { ...known, at: Number.NEGATIVE_INFINITY };
      sendAll(writeEvent("change", number, change));
    },
    close(reason, message) {
      stopBeating();
      sendAll(writeEvent("goodbye", number + 1, { reason, ...(message === undefined ? {} : { message }) }));
      for (const watcher of watchers.keys()) watcher.end();
    },
  };
}

interface RefusedRequest {
  readonly status: number;
  readonly error: string;
}

/** What is wrong with a request to watch, or null. */
export function refuseWatching(
  request: FastifyRequest,
  { addresses, access }: Pick<LivePorts, "addresses" | "access">,
): RefusedRequest | null {
  const foreign = addresses.refuse(request.raw);
  if (foreign !== null) return { status: 403, error: foreign };
  const verdict = access.judge(request.raw);
  if (verdict === "yes") return null;
  if (verdict !== "no") return { status: readingRefusals[verdict].code, error: readingRefusals[verdict].error };
  return { status: 401, error: `not everybody may watch this run: bring ${access.asksFor} as Authorization: Bearer` };
}

function refusalOf(request: FastifyRequest, ports: LivePorts): RefusedRequest | null {
  const refusal = refuseWatching(request, ports);
  if (refusal !== null) return refusal;
  return ports.hasRoom() || ports.access.isOperator(request.raw)
    ? null
    : { status: 503, error: "as many watch this run as its operator allows: try again later" };
}

/** Refuses with a sentence. */
export function refuse(reply: FastifyReply, { status, error }: RefusedRequest): FastifyReply {
  if (status === 503) void reply.header("retry-after", "10");
  return reply.code(status).header("cache-control", "no-store").send({ error });
}

/** The answer as a stream of events, with the headers that every answer has. */
function openStream(reply: FastifyReply): ServerResponse {
  const { raw } = reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
  raw.setHeader("content-type", "text/event-stream; charset=utf-8");
  raw.setHeader("cache-control", "no-store");
  raw.setHeader("x-accel-buffering", "no"); // a proxy that gathers answers would hold events back
  raw.writeHead(200);
  return raw;
}
