import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Server as NetServer, Socket } from "node:net";
import type { Clock } from "../pool/clock.ts";

/** Why a connection was closed, or not taken (P-140, P-141). */
export type ClosedFor = "full" | "headers" | "body" | "answer" | "requests";

/** What connections are held to. */
export interface ConnectionLimits {
  /** Most at once; null for no bound. */
  readonly max: number | null;
  /** Time without a byte, after which a body or an answer is given up. */
  readonly stallTimeoutMs: number;
  /** Bytes a second that a body or an answer must move on average, once it has taken longer than `stallTimeoutMs`. */
  readonly minBytesPerSecond: number;
}

/** Who hears of what was closed. */
export interface GuardPorts {
  readonly clock: Clock;
  /** What listens for the server; by default the server itself. */
  readonly listeners?: readonly NetServer[];
  onClosed(why: ClosedFor): void;
}

/** Holds the connections of a server to their limits. */
export interface ConnectionGuard {
  numOpen(): number;
  stop(): void;
}

/** Bytes that have come over a connection, and bytes that the other side has taken. */
interface Moved {
  readonly up: number;
  readonly down: number;
}

/** A connection, with how far what is under way has got. */
interface Watched {
  /** Null between requests; what is sent to a websocket counts as an answer. */
  under: { readonly request: IncomingMessage; readonly response: ServerResponse } | null;
  isUpgraded: boolean;
  /** When the request came, and what had been moved then. */
  startedAt: number;
  start: Moved;
  /** At the last look that found that it got on. */
  movedAt: number;
  moved: Moved;
}

/** Bytes that may wait for the other side of a websocket: a lease names what is large, and that is fetched. A feed, which begins with a whole, looks after its readers. */
const maxUnreadBytes = 4_000_000;

/** Between two looks at all connections. */
const lookEveryMs = 5000;

/**
 * Closes connections that stand still in the middle of a body or of an answer, which Node's own limits do not see, or count from the start of an upload
 * that is slow but gets on; and those that ask again before they are answered. Call it when the server has its other listeners.
 */
export function guardConnections(server: Server, limits: ConnectionLimits, ports: GuardPorts): ConnectionGuard {
  const { clock, onClosed } = ports;
  const open = new Map<Socket, Watched>();
  for (const listener of ports.listeners ?? [server]) {
    if (limits.max !== null) listener.maxConnections = limits.max;
    listener.on("drop", () => onClosed("full"));
  }
  server.on("clientError", (error: NodeJS.ErrnoException) => {
    if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") onClosed("headers");
  });
  server.on("connection", (socket: Socket) => {
    const [now, moved] = [clock.now(), { up: 0, down: 0 }];
    open.set(socket, { under: null, isUpgraded: false, startedAt: now, start: moved, movedAt: now, moved });
    socket.once("close", () => open.delete(socket));
  });
  server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
    const watched = open.get(request.socket);
    if (watched === undefined) return;
    if (watched.under?.response.writableEnded === false) return close(request.socket, "requests");
    const [now, moved] = [clock.now(), movedBy(request.socket)];
    Object.assign(watched, { under: { request, response }, startedAt: now, start: moved, movedAt: now, moved });
  });
  server.prependListener("upgrade", ({ socket }: IncomingMessage) => Object.assign(open.get(socket) ?? {}, { isUpgraded: true }));

  function close(socket: Socket, why: ClosedFor): void {
    open.delete(socket);
    onClosed(why);
    socket.destroy();
  }

  function look(): void {
    const now = clock.now();
    for (const [socket, watched] of open) {
      if (isOver(watched)) watched.under = null;
      const doing = doingOf(socket, watched);
      if (doing !== null && standsStill(watched, { now, doing, moved: movedBy(socket) }, limits)) close(socket, doing);
      else if (doing === null) watched.movedAt = now;
      else if (watched.isUpgraded && socket.writableLength > maxUnreadBytes) close(socket, doing);
    }
  }

  let cancel: () => void = () => undefined;
  const again = (): void => {
    look();
    cancel = clock.after(lookEveryMs, again);
  };
  cancel = clock.after(lookEveryMs, again);
  return { numOpen: () => open.size, stop: () => cancel() };
}

/** An answer that leaves before the body is there, as one to an address that nobody serves does, does not end the request. */
function isOver({ under }: Watched): boolean {
  return under?.request.complete === true && under.response.writableFinished;
}

/** A websocket or a feed: it has as much to send as happens, and goes on for as long as its reader likes. */
function isStream({ under, isUpgraded }: Pick<Watched, "under" | "isUpgraded">): boolean {
  return isUpgraded || String(under?.response.getHeader("content-type") ?? "").startsWith("text/event-stream");
}

function movedBy(socket: Socket): Moved {
  return { up: socket.bytesRead, down: socket.bytesWritten - socket.writableLength };
}

/** What the other side has to get on with; null where it waits for the coordinator. */
function doingOf(socket: Socket, { under, isUpgraded }: Watched): "body" | "answer" | null {
  if (isStream({ under, isUpgraded })) return socket.writableLength > 0 ? "answer" : null;
  if (under === null) return null;
  if (!under.request.complete) return "body";
  return under.response.headersSent && socket.writableLength > 0 ? "answer" : null;
}

interface Look {
  readonly now: number;
  readonly doing: "body" | "answer";
  readonly moved: Moved;
}

/** Whether what is under way has not got on for too long, or gets on too slowly; remembers how far it has got. */
function standsStill(watched: Watched, { now, doing, moved }: Look, limits: ConnectionLimits): boolean {
  const { stallTimeoutMs, minBytesPerSecond } = limits;
  const way = doing === "body" ? "up" : "down";
  if (moved[way] !== watched.moved[way]) watched.movedAt = now;
  watched.moved = moved;
  if (now - watched.movedAt >= stallTimeoutMs) return true;
  const tookMs = now - watched.startedAt;
  if (isStream(watched) || tookMs <= stallTimeoutMs) return false;
  return (moved[way] - watched.start[way]) * 1000 < minBytesPerSecond * tookMs;
}
