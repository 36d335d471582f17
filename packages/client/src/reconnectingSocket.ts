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

export interface ReconnectingSocketOptions {
  readonly url: string;
  readonly socketOptions: Partial<ManagerOptions & SocketOptions> | undefined;
  readonly handlers: Handlers;
  /** After each connection and each `connectAgain`: time to say hello. */
  readonly onConnected: () => void;
  readonly onLost: () => void;
  /** A message of the coordinator was refused. */
  readonly onRefused: (name: string, rule: Rule, message: string) => void;
  readonly onFault: (error: unknown) => void;
  /** Ends the connection for good. */
  readonly signal: AbortSignal;
}

/** A socket that comes back by itself until its signal fires. */
export interface ReconnectingSocket {
  call<N extends CallName>(name: N, request: Request<N>): Promise<Outcome<Answer<N>>>;
  tellProgress(progress: TaskProgress): void;
  tellLoading(): void;
  isConnected(): boolean;
  /** A test that holds as long as the present connection does. */
  present(): () => boolean;
  /** Says `onConnected` once more after a pause, if there is a connection by then. */
  greetAgain(): void;
  /** Calls `act` after a pause, unless the connection has ended for good. */
  later(act: () => void): void;
  /** Closes this connection and opens another after a pause. */
  reconnect(): void;
}

const retryMs = 500;

/** Connects over a websocket, or by polling where that fails; serves `handlers` over every connection. */
export function openReconnectingSocket(options: ReconnectingSocketOptions): ReconnectingSocket {
  const { signal, onConnected, onLost } = options;
  const { origin, path } = socketAddress(options.url);
  const socket: Socket = io(origin, {
    path,
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    reconnectionDelay: 400,
    reconnectionDelayMax: 5_000,
    forceNew: true,
    ...options.socketOptions,
  });

  const timers = new Set<ReturnType<typeof setTimeout>>();
  function later(act: () => void): void {
    if (signal.aborted) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, retryMs);
    timers.add(timer);
  }

  function reconnect(): void {
    socket.disconnect();
    onLost();
    later(() => socket.connect());
  }

  socket.on("connect", onConnected);
  socket.on("connect_error", onLost);
  socket.on("disconnect", (reason) => {
    if (signal.aborted || reason === "io client disconnect") return;
    onLost();
    // socket.io leaves it at this when the other side closed the connection in so many words.
    if (reason === "io server disconnect") later(() => socket.connect());
  });
  serve(socket, options.handlers, {
    onFault: (_, error) => options.onFault(error),
    onRefused: (name, { refused, message }) => options.onRefused(name, refused, message),
  });
  const stop = (): void => {
    for (const timer of timers) clearTimeout(timer);
    socket.disconnect();
  };
  signal.addEventListener("abort", stop, { once: true });

  return {
    call: (name, request) => call(socket, name, request, { signal }),
    tellProgress: (progress) => send(socket.volatile, "progress", progress),
    tellLoading: () => send(socket.volatile, "loading", {}),
    isConnected: () => socket.connected,
    present() {
      const { id } = socket;
      return () => socket.connected && socket.id === id && !signal.aborted;
    },
    greetAgain() {
      if (!socket.connected) return; // the next connection greets
      later(() => {
        if (socket.connected) onConnected();
      });
    },
    later,
    reconnect,
  };
}
