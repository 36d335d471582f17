import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { takeFrames } from "@tutti/lab";

/** A websocket of engine.io without a library behind it. */
export interface RawSocket {
  readonly socket: Socket;
  say(text: string): void;
  sayBytes(bytes: Uint8Array): void;
}

/** Where it connects, and who hears its texts. */
export interface RawSocketOptions {
  readonly port: number;
  readonly isTls?: boolean;
  onText(text: string): void;
}

/** Connects to a coordinator of this machine and asks for a websocket; what is said before it is there is lost. */
export function openRawSocket({ port, isTls = false, onText }: RawSocketOptions): RawSocket {
  const host = "127.0.0.1";
  const socket = isTls ? connectTls({ port, host, rejectUnauthorized: false }) : connectPlain(port, host);
  listenToFrames(socket, onText);
  socket.write(
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: ${host}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      "Sec-WebSocket-Key: dHV0dGktam9pbi1iZW5jaA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  );
  return {
    socket,
    say: (text) => void socket.write(frameOf(1, Buffer.from(text))),
    sayBytes: (bytes) => void socket.write(frameOf(2, Buffer.from(bytes))),
  };
}

/** Frame of a client, masked with zeros as it may be (RFC 6455, section 5.3). */
function frameOf(opcode: 1 | 2, payload: Buffer): Buffer {
  const { length } = payload;
  const size = length < 126 ? [length] : length < 65_536 ? [126, length >> 8, length & 255] : [127, 0, 0, 0, 0, ...bytesOf(length)];
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | (size[0] ?? 0), ...size.slice(1), 0, 0, 0, 0]), payload]);
}

function bytesOf(length: number): number[] {
  return [24, 16, 8, 0].map((shift) => (length >>> shift) & 255);
}

/** Hands on each text that comes over a socket, once it has become a websocket. */
function listenToFrames(socket: Socket, onText: (text: string) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  let isUpgraded = false;
  socket.on("data", (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const headersEnd = rest.indexOf("\r\n\r\n");
    if (!isUpgraded && headersEnd < 0) return;
    if (!isUpgraded) rest = rest.subarray(headersEnd + 4);
    isUpgraded = true;
    const taken = takeFrames(rest);
    rest = Buffer.from(taken.rest);
    for (const { opcode, payload } of taken.frames) if (opcode === 1) onText(payload.toString("utf8"));
  });
}
