import { createServer, connect as openSocket, type Socket } from "node:net";
import { createRandom } from "@tutti/core";
import type { FaultCounts, FaultPlan } from "@tutti/record";
import { type Frame, takeFrames } from "./websocketFrames.ts";

/** Stands between clients and a coordinator, and does to their contributions what a plan says. */
export interface FaultProxy {
  readonly url: string;
  readonly port: number;
  counts(): FaultCounts;
  /** Whether a client is to be loaded again now; counted where it is. */
  isReload(name: string): boolean;
  close(): Promise<void>;
}

type SentFault = Exclude<keyof FaultCounts, "reload">;
const sentFaults: readonly SentFault[] = ["drop", "corrupt", "duplicate", "reorder", "slow"];
const slowMs = { least: 200, most: 1500 };
/** How long a contribution waits for the next message to overtake it. */
const overtakenMs = 500;

interface ProxyOptions {
  readonly host: string;
  readonly port: number;
  /** Of the coordinator. */
  readonly targetPort: number;
  readonly plan: FaultPlan;
}

/** Listens; every contribution meets at most one fault, on its first way only, so that whatever is lost is sent again and arrives. */
export async function openFaultProxy({ host, port, targetPort, plan }: ProxyOptions): Promise<FaultProxy> {
  const random = createRandom(plan.seed);
  const counts = { drop: 0, slow: 0, duplicate: 0, reorder: 0, corrupt: 0, reload: 0 };
  const seen = new Set<string>();
  const sockets = new Set<Socket>();
  const isDrawn = (kind: keyof FaultCounts, name: string) => random.stream({ purpose: `fault ${kind} ${name}` }).uniform() < plan[kind];

  function faultOf(taskId: string): SentFault | null {
    if (seen.has(taskId)) return null;
    seen.add(taskId);
    const fault = sentFaults.find((kind) => isDrawn(kind, taskId)) ?? null;
    if (fault !== null) counts[fault] += 1;
    return fault;
  }

  const server = createServer((client) => {
    const coordinator = openSocket(targetPort, "127.0.0.1");
    for (const [socket, other] of [
      [client, coordinator],
      [coordinator, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    coordinator.pipe(client);
    const wayOut = createWayOut(
      coordinator,
      () => client.destroy(),
      faultOf,
      (taskId) => delayOf(taskId),
    );
    client.on("data", (bytes: Buffer) => wayOut.take(bytes));
  });

  function delayOf(taskId: string): number {
    return slowMs.least + random.stream({ purpose: `fault slowness ${taskId}` }).uniform() * (slowMs.most - slowMs.least);
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const listening = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host === "0.0.0.0" ? "localhost" : host}:${listening}`,
    port: listening,
    counts: () => ({ ...counts }),
    isReload(name) {
      const isNow = isDrawn("reload", name);
      if (isNow) counts.reload += 1;
      return isNow;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** One direction of a connection: plain HTTP as it is; of a websocket whole messages, a text with the binary parts that it announces. */
function createWayOut(to: Socket, cut: () => void, faultOf: (taskId: string) => SentFault | null, delayOf: (taskId: string) => number) {
  let mode: "unknown" | "plain" | "frames" = "unknown";
  let arrived: Buffer = Buffer.alloc(0);
  let message: Buffer[] = [];
  let numParts = 0;
  /** Bytes leave in the order in which they came, whatever waits. */
  let queue: Promise<void> = Promise.resolve();
  let overtaken: Buffer | null = null;

  const write = (bytes: Buffer, after = Promise.resolve()) => {
    queue = queue.then(() => after).then(() => void (to.destroyed || to.write(bytes)));
  };

  function letGo(): void {
    if (overtaken === null) return;
    const bytes = overtaken;
    overtaken = null;
    write(bytes);
  }

  function send(whole: Buffer): void {
    write(whole);
    letGo();
  }

  function pass(whole: Buffer, taskId: string | null): void {
    const fault = taskId === null ? null : faultOf(taskId);
    if (fault === null || taskId === null) send(whole);
    else if (fault === "drop") cut();
    else if (fault === "corrupt") send(corrupted(whole));
    else if (fault === "duplicate") send(Buffer.concat([whole, whole]));
    else if (fault === "slow") {
      write(whole, pause(delayOf(taskId)));
      letGo();
    } else {
      letGo();
      overtaken = whole;
      void pause(overtakenMs).then(letGo);
    }
  }

  let taskId: string | null = null;
  function takeFrame(frame: Frame): void {
    if (frame.opcode >= 8) {
      write(frame.bytes); // a ping may stand between the parts
      return;
    }
    if (frame.opcode === 1) {
      const text = frame.payload.toString("utf8");
      numParts = Number(/^45(\d+)-/.exec(text)?.[1] ?? 0);
      taskId = /\["submit",\{"taskId":"(\w+)"/.exec(text)?.[1] ?? null;
      message = [];
    } else if (frame.opcode === 2) numParts -= 1;
    message.push(Buffer.from(frame.bytes));
    if (numParts > 0 || !frame.isFinal) return;
    pass(Buffer.concat(message), taskId);
    message = [];
    taskId = null;
  }

  /** A connection is what its first request says; later ones are no websockets. */
  function chooseMode(): void {
    const end = arrived.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = arrived.subarray(0, end + 4);
    mode = /^upgrade: *websocket/im.test(head.toString("latin1")) ? "frames" : "plain";
    write(head);
    arrived = arrived.subarray(end + 4);
  }

  return {
    take(bytes: Buffer): void {
      arrived = Buffer.concat([arrived, bytes]);
      if (mode === "unknown") chooseMode();
      if (mode === "plain" && arrived.length > 0) {
        write(arrived);
        arrived = Buffer.alloc(0);
      }
      if (mode !== "frames") return;
      const { frames, rest } = takeFrames(arrived);
      arrived = Buffer.from(rest);
      for (const frame of frames) takeFrame(frame);
    },
  };
}

/** One byte of the message's text is no UTF-8 any more, so that the other side must notice. */
function corrupted(whole: Buffer): Buffer {
  const { frames } = takeFrames(whole);
  const [first] = frames;
  if (first === undefined) return whole;
  const copy = Buffer.from(whole);
  const middle = first.start + (first.payload.length >> 1);
  copy[middle] = copy.readUInt8(middle) ^ 0x80;
  return copy;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
