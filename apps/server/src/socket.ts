import type { Server as HttpServer, IncomingMessage } from "node:http";
import { clientAddress, quotaAddress } from "@tutti/core";
import { type Goodbye, send } from "@tutti/protocol";
import { Server, type Socket } from "socket.io";
import { closeUnread } from "./limits/unread.ts";
import { packetParser } from "./packets.ts";
import { boundPolling, whenFetched } from "./pollingSessions.ts";
import { rooms, type SocketPorts, serveSocket } from "./servedSocket.ts";
import { createDifferences, type StatusDifferences } from "./status.ts";

/** The socket.io side of a coordinator. */
export interface Sockets {
  tellSpectators(): void;
  tellMembers(): void;
  numSpectators(): number;
  numMembers(): number;
  /** Says goodbye to everyone and closes, when those that poll have fetched it or had time to. */
  close(reason: Goodbye["reason"], message?: string): Promise<void>;
}

/** Milliseconds until a connection of engine.io must be one of socket.io. */
const connectTimeoutMs = 20_000;

/** Milliseconds until an upgrade to somewhere else than socket.io's path is closed: nobody here takes it. */
const destroyUpgradeTimeout = 100;

/** What serving sockets needs of the coordinator. */
export interface AttachPorts extends Omit<SocketPorts, "addressOf" | "hasRoomForSpectator"> {
  readonly maxSpectators: number;
  /** Who watches by the live feed counts too. */
  numWatchers(): number;
  /** Proxies whose X-Forwarded-For is believed. */
  readonly trustProxy: number;
}

function countedAddress({ address, headers }: Socket["handshake"], numHops: number): string | null {
  const forwarded = headers["x-forwarded-for"];
  const forwardedFor = Array.isArray(forwarded) ? forwarded.join(",") : (forwarded ?? null);
  return quotaAddress(clientAddress({ remote: address, forwardedFor }, numHops));
}

/** Serves the protocol on an HTTP server, with polling as the fallback. */
export function attachSockets(server: HttpServer, ports: AttachPorts): Sockets {
  const { addresses } = ports;
  const options = {
    serveClient: false,
    perMessageDeflate: false,
    parser: packetParser,
    allowRequest,
    connectTimeout: connectTimeoutMs,
    destroyUpgradeTimeout,
  };
  const io = new Server(server, { ...options, maxHttpBufferSize: ports.maxMessageBytes });
  boundPolling(io.engine);
  function allowRequest(request: IncomingMessage, decide: (why: string | null, isAllowed: boolean) => void): void {
    const refusal = addresses.refuse(request);
    if (refusal !== null) ports.onRefused("P-101");
    decide(refusal, refusal === null);
  }
  const stopLooking = closeUnread(io, ports.clock, () => ports.onClosed("unread"));
  const sizeOf = (room: string) => io.sockets.adapter.rooms.get(room)?.size ?? 0;
  const served: SocketPorts = {
    ...ports,
    addressOf: ({ handshake }) => countedAddress(handshake, ports.trustProxy),
    hasRoomForSpectator: () => sizeOf(rooms.spectators) + ports.numWatchers() < ports.maxSpectators,
  };
  io.on("connection", (socket) => serveSocket(socket, served));
  const tellRoom = (room: string, { next }: StatusDifferences) => {
    const status = next(ports.status());
    if (sizeOf(room) > 0) send(io.to(room), "status", status);
  };
  const differences = { spectators: createDifferences(true), members: createDifferences(false) };
  return {
    tellSpectators: () => tellRoom(rooms.spectators, differences.spectators),
    tellMembers: () => tellRoom(rooms.members, differences.members),
    numSpectators: () => sizeOf(rooms.spectators),
    numMembers: () => sizeOf(rooms.members),
    async close(reason, message) {
      stopLooking();
      send(io, "goodbye", { reason, ...(message === undefined ? {} : { message }) });
      await whenFetched(io.engine, ports.clock);
      // The transports close after what was written; without a farewell of socket.io's own, clients try to come back.
      io.engine.close();
    },
  };
}
