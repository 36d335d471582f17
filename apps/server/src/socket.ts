import type { Server as HttpServer } from "node:http";
import { type Goodbye, send } from "@tutti/protocol";
import { Server } from "socket.io";
import { packetParser } from "./packets.ts";
import { boundPolling } from "./pollingSessions.ts";
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

/** Serves the protocol on an HTTP server, with polling as the fallback. */
export function attachSockets(server: HttpServer, ports: SocketPorts): Sockets {
  const options = { serveClient: false, perMessageDeflate: false, parser: packetParser };
  const io = new Server(server, { ...options, maxHttpBufferSize: ports.maxMessageBytes });
  boundPolling(io.engine);
  io.on("connection", (socket) => serveSocket(socket, ports));
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
      send(io, "goodbye", { reason, ...(message === undefined ? {} : { message }) });
      // The transports close after what was written; without a farewell of socket.io's own, clients try to come back.
      io.engine.close();
    },
  };
}
