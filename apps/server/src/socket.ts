import type { Server as HttpServer } from "node:http";
import {
  call,
  type Goodbye,
  type Handlers,
  isRefusal,
  type Refusal,
  type Rule,
  refuse,
  type Status,
  send,
  serve,
  type Welcome,
} from "@tutti/protocol";
import type { Logger } from "pino";
import { Server, type Socket } from "socket.io";
import { packetParser } from "./packets.ts";
import type { Clock } from "./pool/clock.ts";
import type { Client, Connection } from "./pool/members.ts";
import type { Pool } from "./pool/pool.ts";
import { createDifferences, type StatusDifferences } from "./status.ts";

/** What the sockets need of the coordinator. */
export interface SocketPorts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of the largest submission, with its header. */
  readonly maxMessageBytes: number;
  /** Closes sockets that say no hello within this time; null lets them watch. */
  readonly helloTimeoutMs: number | null;
  welcome(devices: Welcome["devices"]): Welcome;
  status(): Status;
  /** The same with bytes as they were a moment ago: what a socket that comes is shown. */
  statusOnArrival(): Status;
  /** Resolves when all that was journalled so far is safe. */
  flushed(): Promise<void>;
  onRefused(rule: Rule): void;
}

/** The socket.io side of a coordinator. */
export interface Sockets {
  tellSpectators(): void;
  tellMembers(): void;
  numSpectators(): number;
  numMembers(): number;
  /** Says goodbye to everyone and closes. */
  close(reason: Goodbye["reason"], message?: string): void;
}

const spectators = "spectators";
const members = "members";
const taskTimeoutMs = 15_000;

/** Serves the protocol on an HTTP server, with polling as the fallback. */
export function attachSockets(server: HttpServer, ports: SocketPorts): Sockets {
  const options = { serveClient: false, perMessageDeflate: false, parser: packetParser };
  const io = new Server(server, { ...options, maxHttpBufferSize: ports.maxMessageBytes });
  io.on("connection", (socket) => serveSocket(socket, ports));
  const sizeOf = (room: string) => io.sockets.adapter.rooms.get(room)?.size ?? 0;
  const tellRoom = (room: string, { next }: StatusDifferences) => {
    const status = next(ports.status());
    if (sizeOf(room) > 0) send(io.to(room), "status", status);
  };
  const differences = { spectators: createDifferences(true), members: createDifferences(false) };
  return {
    tellSpectators: () => tellRoom(spectators, differences.spectators),
    tellMembers: () => tellRoom(members, differences.members),
    numSpectators: () => sizeOf(spectators),
    numMembers: () => sizeOf(members),
    close(reason, message) {
      send(io, "goodbye", { reason, ...(message === undefined ? {} : { message }) });
      // The transports close after what was written; without a farewell of socket.io's own, clients try to come back.
      io.engine.close();
    },
  };
}

function serveSocket(socket: Socket, ports: SocketPorts): void {
  const { pool, clock, logger } = ports;
  let client: Client | null = null;
  let isReplaced = false;
  const connection = createConnection(socket, ports, () => {
    isReplaced = true;
    client = null;
  });
  const cancelTimeout =
    ports.helloTimeoutMs === null
      ? () => undefined
      : clock.after(ports.helloTimeoutMs, () => {
          logger.info({ socket: socket.id }, "no hello: closed");
          socket.disconnect(true);
        });
  void socket.join(spectators);
  send(socket, "status", ports.statusOnArrival());

  /** For calls that need a client: before hello, and after another socket took over, they are refused. */
  const asClient = <R, A>(handle: (member: Client, request: R) => A | Refusal | Promise<A | Refusal>) => {
    return async (request: R): Promise<A | Refusal> => {
      if (isReplaced) return refuse("P-11", "another socket said hello with this client's key");
      if (client === null) return refuse("P-10", "hello comes first");
      return handle(client, request);
    };
  };

  /** Acts on what was answered, once the answer is on its way. */
  const afterAnswer = (act: () => void) => setImmediate(act);

  const handlers: Handlers = {
    async hello(hello) {
      if (isReplaced) return refuse("P-11", "another socket said hello with this client's key");
      if (client !== null && client.clientKey !== hello.clientKey) return refuse("P-12", "this socket said hello with another client key");
      const admitted = pool.members.hello(connection, hello);
      if (isRefusal(admitted)) return admitted;
      cancelTimeout();
      client = admitted.client;
      await socket.leave(spectators);
      await socket.join(members);
      await ports.flushed();
      const welcomed = admitted.client;
      afterAnswer(() => pool.deliverTo(welcomed));
      logger.info(
        { client: shortKey(welcomed), devices: admitted.devices.map(({ deviceId, decision }) => `${deviceId}:${decision}`) },
        "hello",
      );
      // Whoever said hello while this one was written may have got some of them.
      const isHere = (deviceId: number) => pool.members.homes.get(deviceId)?.clientKey === welcomed.clientKey;
      return ports.welcome(admitted.devices.filter(({ deviceId }) => isHere(deviceId)));
    },
    loading: asClient((member) => {
      pool.members.showsLife(member);
      return {};
    }),
    register: asClient(async (member, { devices, compute }) => {
      const refusal = pool.members.register(member, devices, compute ?? null);
      if (refusal !== null) return refusal;
      await ports.flushed();
      afterAnswer(() => pool.deliverTo(member));
      return {};
    }),
    submit: asClient((member, submission) => {
      member.progress = null;
      return pool.submit(member, submission);
    }),
    progress: asClient((member, { taskId, step, numSteps }) => {
      if (pool.step()?.leases.get(taskId)?.state === "open") member.progress = Math.min(1, step / numSteps);
      return {};
    }),
    pause: asClient((member, { isPaused }) => {
      pool.members.pause(member, isPaused);
      if (!isPaused) afterAnswer(() => pool.deliverTo(member));
      return {};
    }),
    leave: asClient((member) => {
      pool.members.leave(member);
      client = null;
      return {};
    }),
    decline: asClient((member, { taskId, reason }) => {
      logger.warn({ client: shortKey(member), taskId, reason }, "declined");
      if (taskId !== null) return pool.declineTask(member, taskId, reason) ?? {};
      pool.members.decline(member);
      return {};
    }),
  };
  serve(socket, handlers, {
    onRefused: (name, { refused, message }) => {
      ports.onRefused(refused);
      logger.warn({ call: name, rule: refused, message }, "refused");
    },
    onFault: (name, error) => logger.error({ call: name, error }, "a handler failed"),
  });
  socket.on("disconnect", (reason) => {
    cancelTimeout();
    if (client !== null) {
      logger.info({ client: shortKey(client), reason }, "disconnected");
      pool.members.disconnected(client, connection);
    }
  });
}

function createConnection(socket: Socket, { pool, logger }: SocketPorts, onReplaced: () => void): Connection {
  return {
    id: socket.id,
    isWelcomed: false,
    registered: new Set(),
    task(lease) {
      const options = { timeoutMs: taskTimeoutMs };
      void call(socket, "task", lease, options).then((outcome) => {
        if (outcome.ok || !socket.connected) return;
        logger.warn({ taskId: lease.taskId, rule: outcome.rule, message: outcome.message }, "a task was not acknowledged");
        pool.notAcknowledged(lease.taskId, socket.id, outcome.rule === "P-31");
      });
    },
    assign(devices) {
      void call(socket, "assign", { devices }).then((outcome) => {
        if (!outcome.ok) logger.warn({ rule: outcome.rule, message: outcome.message }, "an assignment was not acknowledged");
      });
    },
    moved(deviceIds) {
      void call(socket, "moved", { deviceIds }).then((outcome) => {
        if (!outcome.ok && socket.connected) logger.warn({ rule: outcome.rule, deviceIds }, "a move was not acknowledged");
      });
    },
    replaced() {
      onReplaced();
      void call(socket, "replaced", {}, { timeoutMs: 2000 }).then(() => socket.disconnect(true));
    },
  };
}

/** Keys are secrets: the log shows their beginning. */
function shortKey({ clientKey }: Client): string {
  return clientKey.slice(0, 6);
}
