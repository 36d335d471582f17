import {
  type AfterAnswer,
  type Answer,
  type Handlers,
  isRefusal,
  type Received,
  type Refusal,
  type Rule,
  refuse,
  type Status,
  send,
  serve,
  type Welcome,
} from "@tutti/protocol";
import type { Logger } from "pino";
import type { Socket } from "socket.io";
import { createConnection } from "./clientConnection.ts";
import type { Addresses } from "./entry/addresses.ts";
import type { Gate } from "./entry/gate.ts";
import { refuseProof } from "./entry/proofs.ts";
import { type CallRates, createCallRates } from "./limits/callRates.ts";
import type { Clock } from "./pool/clock.ts";
import type { Computer } from "./pool/computeDesk.ts";
import type { Client, Connection } from "./pool/members.ts";
import type { Pool } from "./pool/pool.ts";

/** What the sockets need of the coordinator. */
export interface SocketPorts {
  readonly pool: Pool;
  readonly addresses: Addresses;
  readonly gate: Pick<Gate, "refuse">;
  /** Whether who has said no hello may watch: not in runs that not everybody may come to. */
  readonly isWatchable: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of the largest submission, with its header. */
  readonly maxMessageBytes: number;
  /** Closes sockets that say no hello within this time; null lets them watch. */
  readonly helloTimeoutMs: number | null;
  /** `isRepeated` where the client has had a welcome on this connection. */
  welcome(devices: Welcome["devices"], client: Pick<Client, "bits">, isRepeated: boolean): Welcome;
  status(): Status;
  /** The same with bytes as they were a moment ago: what a socket that comes is shown. */
  statusOnArrival(): Status;
  /** Resolves when all that was journalled so far is safe. */
  flushed(): Promise<void>;
  /** Resolves when what was deleted so far is gone for good. */
  deleted(): Promise<void>;
  /** What the run confirms of a client's contributions (P-165). */
  receiptOf(clientKey: string): Answer<"receipt">;
  onRefused(rule: Rule): void;
  /** The name that a socket's address counts under; null on private networks. */
  addressOf(socket: Socket): string | null;
  /** The name of the token that lets a client in, which quotas count; null where it needs none. */
  tokenOf(hello: Received<"hello">): string | null;
  /** Whether one more socket may watch (P-114). */
  hasRoomForSpectator(): boolean;
  /** A call of the protocol came. */
  onCall(name: string): void;
  /** A socket is closed because of a limit. */
  onClosed(why: "hello" | "refusals" | "unread"): void;
}

/** Who is told which statuses: sockets that have said no hello, and those of clients. */
export const rooms = { spectators: "spectators", members: "members" } as const;

/** A socket, and the client that it speaks for. */
interface Served {
  readonly socket: Socket;
  readonly ports: SocketPorts;
  readonly connection: Connection;
  /** Null before hello, after the client has left, and once another socket speaks for it. */
  client: Client | null;
  /** In place of a client: a compute client (P-90). */
  computer: Computer | null;
  /** Whether another socket speaks for its client, or the client was sent away. */
  isReplaced: false | "replaced" | "removed";
  /** The client key that it said hello with first: it hosts no other, also after `leave`. */
  clientKey: string | null;
  numWrongTokens: number;
  /** The socket's own before hello, then its client's, whatever connection that comes on. */
  rates: CallRates;
  /** It has said hello in time. */
  cancelTimeout(): void;
}

/** Answers a socket's calls until it disconnects. */
export function serveSocket(socket: Socket, ports: SocketPorts): void {
  const { logger } = ports;
  const isSpectator = ports.isWatchable && ports.hasRoomForSpectator();
  const served: Served = {
    socket,
    ports,
    connection: createConnection(socket, ports, (why) => {
      served.isReplaced = why;
      served.client = null;
      served.computer = null;
    }),
    client: null,
    computer: null,
    isReplaced: false,
    clientKey: null,
    numWrongTokens: 0,
    rates: createCallRates(ports.clock),
    cancelTimeout: startTimeout(socket, isSpectator ? ports : { ...ports, helloTimeoutMs: newcomerTimeoutMs(ports) }),
  };
  served.connection.origin = { address: ports.addressOf(socket), token: null };
  if (isSpectator) {
    void socket.join(rooms.spectators);
    send(socket, "status", ports.statusOnArrival());
  }
  serve(socket, handlersOf(served), {
    admit(name) {
      ports.onCall(name);
      return served.rates.take(name);
    },
    onRefused: (name, refusal) => onRefused(served, name, refusal),
    onFault: (name, error) => logger.error({ call: name, error }, "a handler failed"),
  });
  socket.on("disconnect", (reason) => disconnected(served, reason));
}

/** Who is refused again and again is closed (P-143); what may be lost (P-35) and comes too often is not answered anyway. */
function onRefused({ socket, ports, rates }: Served, name: string, { refused, message }: Refusal): void {
  ports.onRefused(refused);
  if (refused === "P-142" && (name === "progress" || name === "loading")) return;
  const { isLogged, isTooMany } = rates.refused();
  if (isLogged) ports.logger.warn({ call: name, rule: refused, message }, "refused");
  if (!isTooMany) return;
  ports.onClosed("refusals");
  cutOff(socket, ports.clock);
}

/** Closes a socket, and its connection a moment later: who does not answer the close of a websocket could go on sending for half a minute. */
function cutOff(socket: Socket, { after }: Clock): void {
  const { socket: carrier } = socket.conn.request;
  socket.disconnect(true);
  after(farewellMs, () => carrier.destroy());
}

const farewellMs = 1000;

/** Rates of clients, as long as they are known. */
const ratesOfClients = new WeakMap<Client, CallRates>();

/** A socket that finds no room among the spectators is there to say hello: more time holds it for nothing. */
const maxNewcomerMs = 10_000;

function newcomerTimeoutMs({ helloTimeoutMs }: SocketPorts): number {
  return Math.min(helloTimeoutMs ?? maxNewcomerMs, maxNewcomerMs);
}

function startTimeout(socket: Socket, { clock, logger, helloTimeoutMs, onClosed }: SocketPorts): () => void {
  if (helloTimeoutMs === null) return () => undefined;
  return clock.after(helloTimeoutMs, () => {
    onClosed("hello");
    logger.info({ socket: socket.id }, "no hello: closed");
    cutOff(socket, clock);
  });
}

function disconnected({ client, computer, connection, ports, cancelTimeout }: Served, reason: string): void {
  cancelTimeout();
  if (computer !== null) ports.pool.computeDesk.left(computer, connection);
  if (client === null) return;
  ports.logger.info({ client: shortKey(client), reason }, "disconnected");
  ports.pool.members.disconnected(client, connection);
}

function handlersOf(served: Served): Handlers {
  const { connection, ports } = served;
  const { pool, logger } = ports;
  const desk = computeHandlers(served);
  /** For calls that need a client: before hello, and after another socket took over, they are refused. A compute client's go to its desk. */
  const asClient = <R, A>(handle: Handle<Client, R, A>, atDesk: Handle<Computer, R, A>) => {
    return async (request: R, afterAnswer: AfterAnswer): Promise<A | Refusal> => {
      if (served.isReplaced !== false) return refuseReplaced(served);
      if (served.computer !== null) return atDesk(served.computer, request, afterAnswer);
      if (served.client === null) return refuse("P-10", "hello comes first");
      return handle(served.client, request, afterAnswer);
    };
  };
  return {
    hello: (request, afterAnswer) => greet(served, request, afterAnswer),
    loading: asClient((client) => {
      pool.members.showsLife(client);
      return {};
    }, desk.ignored),
    register: asClient(async (client, { devices, compute }, afterAnswer) => {
      const numBefore = connection.registered.size;
      const registered = pool.members.register(client, devices, compute ?? null);
      if (isRefusal(registered)) return registered;
      if (connection.registered.size > numBefore) served.rates.giveBack("register"); // a device that came now is of use; a number that changed is not
      const { unregistered } = registered;
      const [first, ...others] = unregistered;
      for (const { rule } of others) ports.onRefused(rule);
      if (first !== undefined) onRefused(served, "register", { refused: first.rule, message: first.message });
      await ports.flushed();
      afterAnswer(() => pool.deliverTo(client, connection));
      return unregistered.length === 0 ? {} : { unregistered };
    }, desk.register),
    submit: asClient(async (client, submission) => {
      client.progress = null;
      const answer = await pool.submit(client, submission);
      if ("outcome" in answer && answer.outcome === "accepted") served.rates.giveBack("submit");
      return answer;
    }, desk.submit),
    progress: asClient((client, { taskId, step, numSteps }) => {
      pool.progressed(client, taskId, { step, numSteps });
      return {};
    }, desk.ignored),
    pause: asClient((client, { isPaused }, afterAnswer) => {
      pool.members.pause(client, isPaused);
      if (!isPaused) afterAnswer(() => pool.deliverTo(client, connection));
      return {};
    }, desk.pause),
    leave: asClient((client) => {
      pool.members.leave(client);
      served.client = null;
      return {};
    }, desk.leave),
    withdraw: asClient(async (client) => {
      const withdrawn = pool.withdraw(client);
      served.client = null;
      logger.info({ client: shortKey(client), ...withdrawn }, "took back its data and left");
      await ports.deleted();
      return withdrawn;
    }, desk.withdraw),
    receipt: asClient(async ({ clientKey }) => {
      await ports.flushed();
      return ports.receiptOf(clientKey);
    }, desk.receipt),
    declineState: asClient(async (client, { deviceId, version, reason }) => {
      logger.warn({ client: shortKey(client), deviceId, version, reason }, "declined a state");
      const refusal = pool.members.declineState(client, deviceId, version);
      if (refusal !== null) return refusal;
      await ports.flushed();
      return {};
    }, desk.ignored),
    decline: asClient((client, { taskId, reason }) => {
      logger.warn({ client: shortKey(client), taskId, reason }, "declined");
      if (taskId !== null) return pool.declineTask(client, taskId, reason) ?? {};
      pool.members.decline(client);
      return {};
    }, desk.decline),
  };
}

type Handle<Member, R, A> = (member: Member, request: R, afterAnswer: AfterAnswer) => A | Refusal | Promise<A | Refusal>;

/** What a compute client's calls do. */
function computeHandlers(served: Served) {
  const { connection, ports } = served;
  const { computeDesk } = ports.pool;
  return {
    ignored: () => ({}),
    register(computer: Computer, { devices }: Received<"register">, afterAnswer: AfterAnswer) {
      const refusal = computeDesk.register(computer, devices);
      if (refusal !== null) return refusal;
      connection.isReady = true;
      afterAnswer(computeDesk.deliver);
      return {};
    },
    submit: computeDesk.submit,
    pause(computer: Computer, { isPaused }: Received<"pause">) {
      computeDesk.pause(computer, isPaused);
      return {};
    },
    leave(computer: Computer) {
      computeDesk.left(computer, connection);
      served.computer = null;
      return {};
    },
    receipt: ({ clientKey }: Computer) => ports.receiptOf(clientKey),
    withdraw: (): Refusal => refuse("P-90", "a compute client hosts no device that it could take back: leave"),
    decline(computer: Computer, { taskId, reason }: Received<"decline">) {
      ports.logger.warn({ client: shortKey(computer), taskId, reason }, "the compute client declined");
      return computeDesk.decline(computer, taskId, reason) ?? {};
    },
  };
}

async function greetComputer(served: Served, hello: Received<"hello">): Promise<Answer<"hello"> | Refusal> {
  const { socket, ports, connection } = served;
  const isRepeated = served.computer !== null;
  const admitted = ports.pool.computeDesk.hello(connection, hello);
  if (isRefusal(admitted)) return admitted;
  served.cancelTimeout();
  served.computer = admitted.computer;
  served.clientKey = admitted.computer.clientKey;
  connection.isWelcomed = true;
  await socket.leave(rooms.spectators);
  await socket.join(rooms.members);
  await ports.flushed();
  ports.logger.info({ client: shortKey(admitted.computer) }, "hello of a compute client");
  return ports.welcome(admitted.devices, { bits: null }, isRepeated);
}

async function greet(served: Served, hello: Received<"hello">, afterAnswer: AfterAnswer): Promise<Answer<"hello"> | Refusal> {
  const { socket, ports, connection } = served;
  const { pool, logger } = ports;
  if (served.isReplaced !== false) return refuseReplaced(served);
  if (served.clientKey !== null && served.clientKey !== hello.clientKey)
    return refuse("P-12", "this socket said hello with another client key");
  const unproven = refuseProof(hello, { challenge: socket.id, isOwn: ports.addresses.isOwn });
  if (unproven !== null) return unproven;
  if (hello.hosting === "compute") return greetComputer(served, hello);
  const isRepeated = served.client !== null;
  const tooSoon = isRepeated ? null : takeRatesOf(served, pool.members.client(hello.clientKey));
  if (tooSoon !== null) return tooSoon;
  const turnedAway = ports.gate.refuse(hello);
  if (turnedAway !== null) return turnAway(served, turnedAway);
  if (connection.origin !== undefined) connection.origin = { ...connection.origin, token: ports.tokenOf(hello) };
  const admitted = pool.members.hello(connection, hello);
  if (isRefusal(admitted)) return admitted;
  const { client, devices } = admitted;
  served.clientKey = client.clientKey;
  served.cancelTimeout();
  served.client = client;
  ratesOfClients.set(client, served.rates);
  await socket.leave(rooms.spectators);
  await socket.join(rooms.members);
  await ports.flushed();
  afterAnswer(() => pool.deliverTo(client, connection));
  const decided = devices.map(({ deviceId, decision }) => `${deviceId}:${decision}`);
  logger.info({ client: shortKey(client), devices: decided }, "hello");
  // Whoever said hello while this one was written may have got some of them.
  return ports.welcome(
    devices.filter(({ deviceId }) => pool.members.homes.get(deviceId)?.clientKey === client.clientKey),
    client,
    isRepeated,
  );
}

/** Who does not know the word may try a few times; a new connection is another try. */
function turnAway(served: Served, refusal: Refusal): Refusal {
  const isWrong = refusal.refused === "P-102" || refusal.refused === "P-103";
  if (isWrong) served.numWrongTokens += 1;
  if (refusal.refused === "P-104") served.cancelTimeout(); // it has said hello, and waits
  if (served.numWrongTokens >= maxWrongTokens) setTimeout(() => served.socket.disconnect(true), 0); // behind the answer
  return refusal;
}

/** A known client goes on with the rates that it had: a new connection for each hello makes no difference. */
function takeRatesOf(served: Served, known: Client | null): Refusal | null {
  const rates = known === null ? undefined : ratesOfClients.get(known);
  if (rates === undefined) return null;
  served.rates = rates;
  return rates.take("hello");
}

const maxWrongTokens = 5;

function refuseReplaced({ isReplaced }: Pick<Served, "isReplaced">): Refusal {
  return isReplaced === "removed"
    ? refuse("P-105", "the operator has sent this client away", { kind: "sentAway" })
    : refuse("P-11", "another socket said hello with this client's key");
}

/** What the log shows of a client's public key. */
function shortKey({ clientKey }: Pick<Client, "clientKey">): string {
  return clientKey.slice(0, 12);
}
