import type { IncomingMessage, ServerResponse } from "node:http";

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
