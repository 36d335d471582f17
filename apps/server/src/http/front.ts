import { createServer as createHttpServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createNetServer, type Server as NetServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Addresses } from "../entry/addresses.ts";
import type { Certificate } from "./certificate.ts";

/** What stands before an HTTP server that does not listen itself: a port for https, and where it is asked for one for plain http. */
export interface Front {
  /** The servers that listen; connections arrive there as they are on the wire. */
  readonly listeners: readonly NetServer[];
  readonly secure: NetServer;
  /** Null where no plain http is offered. */
  readonly plain: NetServer | null;
  /** Takes nobody any more, and closes every connection. */
  close(): Promise<void>;
}

/** What a front is made of. */
export interface FrontPorts {
  readonly certificate: Certificate;
  readonly isPlainOffered: boolean;
  readonly addresses: Pick<Addresses, "refuseHost">;
  /** Milliseconds until a connection has said its first byte, has shaken hands, and has sent the headers of a request that is redirected. */
  readonly headersTimeoutMs: number;
}

/** The first byte of a TLS connection: a record of the type handshake. */
const tlsHandshake = 0x16;

/** Sockets that are told goodbye close by themselves; whoever does not is cut off. */
const farewellMs = 1000;

/**
 * A front of an HTTP server. A connection's first byte says what it is: TLS is taken by every port; plain http is served by the plain port alone,
 * and the secure port sends it to its https address.
 */
export function createFront(server: HttpServer, { certificate, isPlainOffered, addresses, headersTimeoutMs }: FrontPorts): Front {
  const { cert, key } = certificate;
  const tls = createTlsServer({ cert, key, handshakeTimeout: headersTimeoutMs, ALPNProtocols: ["http/1.1"] });
  tls.on("secureConnection", (socket) => server.emit("connection", socket));
  tls.on("tlsClientError", (_error, socket) => socket.destroy());
  const redirector = createHttpServer({ headersTimeout: headersTimeoutMs }, (request, response) => redirect(request, response, addresses));
  const open = new Set<Socket>();

  function listener(takePlain: (socket: Socket) => void): NetServer {
    return createNetServer((socket) => {
      open.add(socket);
      socket.once("close", () => open.delete(socket));
      socket.on("error", () => socket.destroy());
      socket.setTimeout(headersTimeoutMs, () => socket.destroy());
      withFirstByte(socket, (byte) => {
        socket.setTimeout(0);
        socket.removeAllListeners("timeout");
        if (byte === tlsHandshake) tls.emit("connection", socket);
        else takePlain(socket);
      });
    });
  }

  const secure = listener((socket) => redirector.emit("connection", socket));
  const plain = isPlainOffered ? listener((socket) => server.emit("connection", socket)) : null;
  const listeners = plain === null ? [secure] : [secure, plain];
  // Node looks after the time limits of connections from this event on, and neither of these servers listens itself.
  for (const unheard of [server, redirector]) unheard.emit("listening");
  return {
    listeners,
    secure,
    plain,
    async close() {
      const closed = listeners.map((one) => (one.listening ? new Promise<void>((resolve) => one.close(() => resolve())) : undefined));
      for (const unheard of [server, redirector]) {
        unheard.close(() => undefined);
        unheard.closeAllConnections();
      }
      const impatient = setTimeout(() => open.forEach(cutOff), farewellMs);
      await Promise.all(closed);
      clearTimeout(impatient);
    },
  };
}

function cutOff(socket: Socket): void {
  socket.destroy();
}

/** Tells a connection's first byte, which stays to be read. */
function withFirstByte(socket: Socket, then: (byte: number) => void): void {
  socket.once("readable", () => {
    const first: Buffer | null = socket.read(1);
    if (first === null) return; // it has ended without a byte
    socket.unshift(first);
    then(first[0] ?? 0);
  });
}

/** Sends a request to the same place over https; under a name that is not this coordinator's nobody is sent anywhere (P-101). */
function redirect(request: IncomingMessage, response: ServerResponse, { refuseHost }: FrontPorts["addresses"]): void {
  const refusal = refuseHost(request);
  response.setHeader("connection", "close");
  response.setHeader("content-type", "text/plain; charset=utf-8");
  if (refusal !== null) response.writeHead(421).end(`${refusal}\n`);
  else {
    const place = `https://${request.headers.host}${request.url?.startsWith("/") === true ? request.url : "/"}`;
    response.writeHead(308, { location: place }).end(`this port speaks https: ${place}\n`);
  }
}
