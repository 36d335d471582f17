import { connect } from "node:net";
import type { RandomStream } from "@tutti/core";
import { calls, clientIdentity, protocolVersion, type Submit } from "@tutti/protocol";
import { io, type Socket } from "socket.io-client";
import WebSocket from "ws";
import { utf8 } from "./corpusFiles.ts";
import { callNames, faultOfAnswer, samplesOf } from "./messages.ts";
import { mutateBytes } from "./mutateBytes.ts";
import { mutateValue } from "./mutateValue.ts";

/** One way to send a coordinator what it should not get. Gives what went wrong, or null. */
export interface HostileSender {
  readonly name: string;
  /** Sends at most so much; the coordinator would close a client that is refused more often. */
  readonly most?: number;
  send(random: RandomStream): Promise<string | null>;
  close(): void;
}

/** Longer than any answer takes on a machine with much else to do. */
const answerMs = 30_000;

/** What a call on a socket is answered, or that it was not. */
async function answerOf(socket: Socket, name: unknown, request: unknown): Promise<string | null> {
  const answer: unknown = await new Promise((resolve) => {
    const timer = setTimeout(() => resolve("none in time"), answerMs);
    const settle = (found: unknown) => {
      clearTimeout(timer);
      socket.off("disconnect", onDisconnect);
      resolve(found);
    };
    const onDisconnect = () => settle({ ok: true });
    socket.once("disconnect", onDisconnect);
    try {
      Reflect.apply(socket.emit, socket, [name, request, settle]);
    } catch {
      settle({ ok: true }); // what the library does not send is among the packets of bare websockets
    }
  });
  return faultOfAnswer(answer);
}

/** Calls of a socket that is nobody's: of every name, with changed messages. It never says a hello that is taken. */
export function strangersCalls(url: string): HostileSender {
  const socket = io(url, { forceNew: true, transports: ["websocket"], reconnectionDelay: 20, reconnectionDelayMax: 200 });
  socket.on("disconnect", (reason) => {
    if (reason === "io server disconnect") socket.connect(); // it was refused too often
  });
  const samples = new Map(callNames.map((name) => [name, samplesOf(calls[name].request, 2)]));
  return {
    name: "calls of a stranger",
    async send(random) {
      await connected(socket);
      const name = callNames[random.integer(callNames.length)] ?? "hello";
      const known = samples.get(name) ?? [];
      const request = mutateValue(known[random.integer(known.length)], known, random);
      if (name === "hello" && isTaken(request)) return null;
      return answerOf(socket, random.integer(30) === 0 ? mutateValue(name, callNames, random) : name, request);
    },
    close: () => void socket.disconnect(),
  };
}

/** Whether a hello fits its schema, which cannot look at lists that are bytes. */
function isTaken(request: unknown): boolean {
  try {
    return calls.hello.request.safeParse(request).success;
  } catch {
    return false;
  }
}

/** Resolves when a socket is connected; what a server sends it cannot be read otherwise. */
function connected(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.connected) resolve();
    else socket.once("connect", () => resolve());
  });
}

/** Changed copies of what an honest client has submitted, on its own socket: duplicates, or refused, never counted. */
export function changedSubmissions(socket: Socket, submitted: () => readonly Submit[]): HostileSender {
  return {
    name: "changed submissions of a client",
    most: 100,
    async send(random) {
      const known = submitted();
      const whole = known[random.integer(Math.max(1, known.length))];
      if (whole === undefined) return null;
      await connected(socket);
      const others = { random, others: [utf8("TPRM")] };
      const ways: readonly (() => unknown)[] = [
        () => ({ ...whole, tensors: mutateBytes(whole.tensors ?? new Uint8Array(4), others) }),
        () => ({ ...whole, state: mutateBytes(whole.state ?? new Uint8Array(4), others) }),
        () => mutateValue(whole, known, random),
        () => ({ ...whole, header: mutateValue(whole.header, known, random) }),
      ];
      return answerOf(socket, "submit", ways[random.integer(ways.length)]?.());
    },
    close: () => undefined,
  };
}

const hello: Readonly<Record<string, unknown>> = {
  protocolVersion,
  ...clientIdentity("fuzzed-client-secret").prove({ audience: "127.0.0.1", challenge: "another socket" }),
  hosting: "own",
  ownExamples: 5,
  devices: [],
  capabilities: { backend: "auto", threads: 1, isSecureContext: true, userAgent: "x" },
};

/** Packets of engine.io and socket.io: all types, with and without attachments. */
const packets: readonly string[] = [
  ...["40", '40{"token":"x"}', "41", "40/admin,", "1", "2", "2probe", "3", "5", "6", "4", "44{}", "430[]", '42["leave",{}]'],
  ...[
    `420["hello",${JSON.stringify(hello)}]`,
    '451-1["submit",{"tensors":{"_placeholder":true,"num":0}}]',
    '452-["submit",{"a":{"_placeholder":true,"num":1}}]',
  ],
  ...[
    '461-3[{"_placeholder":true,"num":0}]',
    '42999999999999999999["pause",{"isPaused":true}]',
    '42["__proto__",{"__proto__":{"ok":true}}]',
    '0{"sid":"x"}',
  ],
];
/** Nested deeper than functions may call themselves. */
const deepPackets = ["hello", "submit"].map((name) => `427["${name}",${"[".repeat(50_000)}${"]".repeat(50_000)}]`);
const attachments = [new Uint8Array(0), utf8("TPRM"), new Uint8Array(70_000), utf8('42["leave"]')];

/** Bare websockets that send changed packets; the coordinator may close them. */
export function strangePackets(url: string): HostileSender {
  const address = `${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`;
  const samples = packets.map(utf8);
  return {
    name: "packets of bare websockets",
    async send(random) {
      const socket = new WebSocket(address);
      const isOpen = await new Promise<boolean>((resolve) => {
        socket.once("open", () => resolve(true)).once("error", () => resolve(false));
      });
      if (!isOpen) return "the coordinator took no websocket";
      const gone = new Promise<boolean>((resolve) => socket.once("close", () => resolve(true)).on("error", () => undefined));
      if (random.integer(4) > 0) socket.send("40");
      for (let i = random.integer(20); i >= 0; i--) {
        const way = random.integer(6);
        if (way === 0) socket.send(attachments[random.integer(attachments.length)] ?? "");
        else if (way === 1 && random.integer(20) === 0) socket.send(deepPackets[random.integer(2)] ?? "");
        else if (way === 1) socket.send(packets[random.integer(packets.length)] ?? "");
        else
          socket.send(
            new TextDecoder().decode(
              mutateBytes(samples[random.integer(samples.length)] ?? new Uint8Array(0), {
                random,
                others: samples,
                words: ["_placeholder", "num"],
              }),
            ),
          );
      }
      await Promise.race([gone, new Promise((resolve) => socket.ping("", undefined, resolve))]);
      socket.terminate();
      return null;
    },
    close: () => undefined,
  };
}

const crlf = "\r\n";
const requests: readonly string[] = [
  ["GET /run.json HTTP/1.1", "Host: a", "", ""],
  [
    "GET /blobs/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef HTTP/1.1",
    "Host: a",
    'If-None-Match: "x"',
    "Accept-Encoding: gzip",
    "",
    "",
  ],
  ["GET /metrics HTTP/1.0", "", ""],
  ["POST /control/stop HTTP/1.1", "Host: a", "Authorization: Bearer x", "Content-Type: application/json", "Content-Length: 2", "", "{}"],
  ["GET /backbones/../../etc/passwd HTTP/1.1", "Host: a", "Range: bytes=0-5,7-9,-1", "", ""],
  ["GET /datasets/%2e%2e%2f%00/x HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket", "", ""],
  ["GET /socket.io/?EIO=4&transport=polling HTTP/1.1", "Host: a", "", ""],
  ["POST /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", "", "5", "42[0]", "0", "", ""],
  [
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
    "Host: a",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
    "",
    "\x81\x0240",
  ],
].map((lines) => lines.join(crlf));

/** Changed HTTP requests, and websockets that are opened by hand, as bytes on a bare connection. */
export function strangeRequests(url: string): HostileSender {
  const { hostname, port } = new URL(url);
  const samples = requests.map(utf8);
  return {
    name: "bytes on bare connections",
    send(random) {
      const bytes = mutateBytes(samples[random.integer(samples.length)] ?? new Uint8Array(0), {
        random,
        others: samples,
        words: ["chunked", "Content-Length: 99", "HTTP/9.9"],
      });
      return new Promise((resolve) => {
        const socket = connect(Number(port), hostname);
        const finish = (fault: string | null) => {
          socket.destroy();
          resolve(fault);
        };
        socket.once("connect", () => {
          // half of a request stays unanswered: the other side is only asked whether it is still there
          socket.end(bytes);
        });
        let answer = "";
        socket.setTimeout(answerMs, () => finish(null));
        socket.on("data", (chunk: Buffer) => {
          answer += chunk.subarray(0, 200).toString("latin1");
          if (answer.length > 400) finish(faultOfHttp(answer));
        });
        socket.once("end", () => finish(faultOfHttp(answer)));
        socket.once("error", (error: NodeJS.ErrnoException) =>
          finish(error.code === "ECONNREFUSED" ? "the coordinator took no connection" : null),
        );
      });
    },
    close: () => undefined,
  };
}

/** A server's own fault in an answer; silence is one. */
function faultOfHttp(answer: string): string | null {
  return /^HTTP\/1\.[01] 5\d\d/.test(answer) ? `answered ${answer.slice(0, 120)}` : null;
}
