import {
  type Answer,
  type CallName,
  call,
  type Handlers,
  type Outcome,
  type Request,
  type Rule,
  send,
  serve,
  type TaskProgress,
} from "@tutti/protocol";
import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { socketAddress } from "./address.ts";

/** Who hears of a socket's connections, and answers what the coordinator calls. */
export interface SocketListeners {
  readonly handlers: Handlers;
  /** After each connection and each `greetAgain`: time to say hello. */
  readonly onConnected: () => void;
  readonly onLost: () => void;
  /** A message of the coordinator was refused. */
  readonly onRefused: (name: string, rule: Rule, message: string) => void;
  readonly onFault: (error: unknown) => void;
}

/** A socket that comes back by itself until its signal fires. */
export interface ReconnectingSocket {
  /** Connects for the first time; call it once. */
  connect(listeners: SocketListeners): void;
  call<N extends CallName>(name: N, request: Request<N>): Promise<Outcome<Answer<N>>>;
  tellProgress(progress: TaskProgress): void;
  tellLoading(): void;
  isConnected(): boolean;
  /** What the coordinator drew for the present connection (P-100); empty without one. */
  challenge(): string;
  /** A test that holds as long as the present connection does. */
  present(): () => boolean;
  /** Says `onConnected` once more after a pause, if there is a connection by then. */
  greetAgain(afterMs?: number): void;
  /** Calls `act` after a pause, unless the connection has ended for good. */
  later(act: () => void, afterMs?: number): void;
  /** Closes this connection and opens another after a pause. */
  reconnect(): void;
  /** Opens another connection at once where there is none, or where the coordinator does not answer on this one within a few seconds. */
  check(): void;
}

const retryMs = 500;
/** A coordinator that is there answers in milliseconds; one that is far away, or busy, in a second or two. */
const checkMs = 4000;

/** A socket over websockets, or polling where these fail, that serves the same handlers over every connection; `signal` ends it for good. */
export function openReconnectingSocket(
  url: string,
  socketOptions: Partial<ManagerOptions & SocketOptions> | undefined,
  signal: AbortSignal,
): ReconnectingSocket {
  const { origin, path } = socketAddress(url);
  const socket: Socket = io(origin, {
    path,
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    reconnectionDelay: 400,
    reconnectionDelayMax: 5_000,
    forceNew: true,
    ...socketOptions,
    autoConnect: false,
  });
  const later = createTimers(signal);
  let listeners: SocketListeners | null = null;
  signal.addEventListener("abort", () => socket.disconnect(), { once: true });
  function reconnect(): void {
    socket.disconnect();
    listeners?.onLost();
    later(() => socket.connect());
  }
  return {
    connect(given) {
      listeners = given;
      listen(socket, given, signal, later);
      socket.connect();
    },
    call: (name, request) => call(socket, name, request, { signal }),
    tellProgress: (progress) => send(socket.volatile, "progress", progress),
    tellLoading: () => send(socket.volatile, "loading", {}),
    isConnected: () => socket.connected,
    challenge: () => socket.id ?? "",
    present() {
      const { id } = socket;
      return () => socket.connected && socket.id === id && !signal.aborted;
    },
    greetAgain(afterMs) {
      if (!socket.connected) return; // the next connection greets
      later(() => {
        if (socket.connected) listeners?.onConnected();
      }, afterMs);
    },
    later,
    reconnect,
    check() {
      if (signal.aborted || listeners === null) return;
      if (!socket.connected) return reconnect();
      const { id } = socket;
      // any answer will do, a refusal as well
      const isAnswered = call(socket, "loading", {}, { timeoutMs: checkMs, signal });
      isAnswered.then(
        (outcome) => !outcome.ok && outcome.rule === "P-6" && socket.connected && socket.id === id && reconnect(),
        () => undefined,
      );
    },
  };
}

function listen(socket: Socket, listeners: SocketListeners, signal: AbortSignal, later: ReconnectingSocket["later"]): void {
  const { handlers, onConnected, onLost, onFault, onRefused } = listeners;
  socket.on("connect", onConnected);
  socket.on("connect_error", onLost);
  socket.on("disconnect", (reason) => {
    if (signal.aborted || reason === "io client disconnect") return;
    onLost();
    // socket.io does not reconnect by itself when the other side closed the connection on purpose.
    if (reason === "io server disconnect") later(() => socket.connect());
  });
  serve(socket, handlers, {
    onFault: (_, error) => onFault(error),
    onRefused: (name, { refused, message }) => onRefused(name, refused, message),
  });
}

/** Pauses before what is tried again; none ends after `signal`. */
function createTimers(signal: AbortSignal): ReconnectingSocket["later"] {
  const timers = new Set<ReturnType<typeof setTimeout>>();
  signal.addEventListener("abort", () => timers.forEach(clearTimeout), { once: true });
  return (act, afterMs = retryMs) => {
    if (signal.aborted) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, afterMs);
    timers.add(timer);
  };
}
