import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server } from "socket.io";
import type { Clock } from "./pool/clock.ts";

/** The part of engine.io's server that this needs. */
interface PollingEngine {
  use(check: (request: IncomingMessage, response: ServerResponse, next: () => void) => void): unknown;
  on(name: "connection", act: (session: PollingSession) => void): unknown;
}

interface PollingSession {
  readonly transport: { readonly name: string };
  once(name: "upgrade" | "close", act: () => void): unknown;
}

/** Sessions that poll at once: who polls has no other way in, so they are few. */
export const maxPollingSessions = 1000;

/**
 * Keeps the sessions that poll to a number (P-2): they are not connections, so that one connection alone could begin as many as fill the memory.
 * Answers to be run as a script (JSONP) are refused too, which pages elsewhere could read.
 */
export function boundPolling(engine: PollingEngine, most = maxPollingSessions): void {
  let numPolling = 0;
  engine.on("connection", (session) => {
    if (session.transport.name !== "polling") return;
    numPolling += 1;
    let isCounted = true;
    const isOver = () => {
      if (isCounted) numPolling -= 1;
      isCounted = false;
    };
    session.once("upgrade", isOver);
    session.once("close", isOver);
  });
  engine.use((request, response, next) => {
    const query = new URLSearchParams(request.url?.split("?")[1]);
    const isBegun = query.get("transport") === "polling" && !query.has("sid");
    if (query.has("j")) return refuse(response, 400, "answers are JSON or bytes, never a script");
    if (isBegun && numPolling >= most) return refuse(response, 503, `${most} sessions poll already: come over a websocket, or later`);
    next();
  });
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ ok: false, rule: "P-2", message }));
}

/** A client of engine.io, as far as this needs it. */
interface WritingClient {
  readonly transport: { readonly name: string };
  readonly writeBuffer: readonly unknown[];
  once(name: "drain" | "close", act: () => void): unknown;
}

/** Time that who polls has to ask once more. */
const lastPollMs = 1000;

/** Resolves when all that polls has fetched what waits for it, at most a second later; at once where nothing waits. */
export async function whenFetched(engine: Server["engine"], { after }: Pick<Clock, "after">): Promise<void> {
  const clients = Object.values((engine as unknown as { readonly clients: Readonly<Record<string, WritingClient>> }).clients);
  const waiting = clients.filter(({ transport, writeBuffer }) => transport.name === "polling" && writeBuffer.length > 0);
  if (waiting.length === 0) return;
  const fetched = waiting.map(
    (client) =>
      new Promise<void>((resolve) => {
        client.once("drain", resolve);
        client.once("close", resolve);
      }),
  );
  let cancel: () => void = () => undefined;
  const isOver = new Promise<void>((resolve) => {
    cancel = after(lastPollMs, resolve);
  });
  await Promise.race([Promise.all(fetched), isOver]);
  cancel();
}
