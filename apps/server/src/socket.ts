import type { Server as HttpServer } from "node:http";
import { type Goodbye, send } from "@tutti/protocol";
import { Server } from "socket.io";
import { packetParser } from "./packets.ts";
import { rooms, type SocketPorts, serveSocket } from "./servedSocket.ts";
import { createDifferences, type StatusDifferences } from "./status.ts";

/** The socket.io side of a coordinator. */
export interface Sockets {
  tellSpectators(): void;
  tellMembers(): void;
  numSpectators(): number;
  numMembers(): number;
  /** Says goodbye to everyone and closes. */
  close(reason: Goodbye["reason"], message?: string): void;
}

/** Milliseconds until a connection of engine.io must be one of socket.io. */
const connectTimeoutMs = 20_000;

/** Packets that may wait for a client which polls and does not fetch them: a lease for each of its devices, and then some. */
const maxUnreadPackets = 10_000;

const lookEveryMs = 5000;

/** Closes sockets that poll and do not fetch what they are sent (P-141). Returns what stops it. */
function closeUnread({ engine }: Server, { clock, onClosed }: SocketPorts): () => void {
  const clients = (engine as unknown as { readonly clients: Readonly<Record<string, UnreadSocket>> }).clients;
  let cancel: () => void = () => undefined;
  const look = (): void => {
    for (const socket of Object.values(clients)) {
      if (socket.writeBuffer.length <= maxUnreadPackets) continue;
      onClosed("unread");
      socket.close(true);
    }
    cancel = clock.after(lookEveryMs, look);
  };
  cancel = clock.after(lookEveryMs, look);
  return () => cancel();
}

/** As much of a socket of engine.io as that needs. */
interface UnreadSocket {
  readonly writeBuffer: readonly unknown[];
  close(discardsUnread: boolean): void;
}

/** Serves the protocol on an HTTP server, with polling as the fallback. */
export function attachSockets(server: HttpServer, ports: SocketPorts): Sockets {
  const options = { serveClient: false, perMessageDeflate: false, parser: packetParser, connectTimeout: connectTimeoutMs };
  const io = new Server(server, { ...options, maxHttpBufferSize: ports.maxMessageBytes });
  io.on("connection", (socket) => serveSocket(socket, ports));
  const stopLooking = closeUnread(io, ports);
  const sizeOf = (room: string) => io.sockets.adapter.rooms.get(room)?.size ?? 0;
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
    close(reason, message) {
      stopLooking();
      send(io, "goodbye", { reason, ...(message === undefined ? {} : { message }) });
      // The transports close after what was written; without a farewell of socket.io's own, clients try to come back.
      io.engine.close();
    },
  };
}
