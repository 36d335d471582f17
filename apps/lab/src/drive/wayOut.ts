import type { Socket } from "node:net";
import type { FaultCounts } from "@tutti/record";
import { type Frame, takeFrames } from "./websocketFrames.ts";

/** A fault that a message meets on its way. */
export type SentFault = Exclude<keyof FaultCounts, "reload">;

/** What decides over the messages of a connection. */
export interface WayOutRules {
  /** Of a contribution, by its task; null for none. */
  faultOf(taskId: string): SentFault | null;
  /** Milliseconds that a slow contribution waits. */
  delayOf(taskId: string): number;
  /** Ends the connection. */
  cut(): void;
}

/** One direction of a connection. */
export interface WayOut {
  /** Bytes that a client sent, cut anywhere. */
  take(bytes: Buffer): void;
}

/** How long a contribution waits for the next message to overtake it. */
const overtakenMs = 500;

/** The way from a client to a socket: plain HTTP as it is; of a websocket whole messages, a text with the binary parts that it announces. */
export function createWayOut(to: Socket, rules: WayOutRules): WayOut {
  const line = createLine(to);
  const messages = createMessages(line.write, (whole, taskId) => passMessage(whole, taskId, line, rules));
  let mode: "unknown" | "plain" | "frames" = "unknown";
  let arrived: Buffer = Buffer.alloc(0);

  /** A connection is what its first request says; later ones are no websockets. */
  function chooseMode(): void {
    const end = arrived.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = arrived.subarray(0, end + 4);
    mode = /^upgrade: *websocket/im.test(head.toString("latin1")) ? "frames" : "plain";
    line.write(head);
    arrived = arrived.subarray(end + 4);
  }

  return {
    take(bytes) {
      arrived = Buffer.concat([arrived, bytes]);
      if (mode === "unknown") chooseMode();
      if (mode === "plain" && arrived.length > 0) {
        line.write(arrived);
        arrived = Buffer.alloc(0);
      }
      if (mode !== "frames") return;
      const { frames, rest } = takeFrames(arrived);
      arrived = Buffer.from(rest);
      for (const frame of frames) messages.take(frame);
    },
  };
}

interface Line {
  /** Bytes leave in the order in which they came, whatever waits. */
  write(bytes: Buffer, after?: Promise<void>): void;
  /** Holds a message back until the next one has left, or for a moment where there is none. */
  hold(whole: Buffer): void;
  /** Lets go what is held back. */
  letGo(): void;
}

function createLine(to: Socket): Line {
  let queue: Promise<void> = Promise.resolve();
  let held: Buffer | null = null;
  const write = (bytes: Buffer, after = Promise.resolve()) => {
    queue = queue.then(() => after).then(() => void (to.destroyed || to.write(bytes)));
  };
  const letGo = () => {
    if (held === null) return;
    const bytes = held;
    held = null;
    write(bytes);
  };
  return {
    write,
    letGo,
    hold(whole) {
      letGo();
      held = whole;
      void pause(overtakenMs).then(() => held === whole && letGo());
    },
  };
}

/** What becomes of a message; only a contribution has a task, and only that meets a fault. */
function passMessage(whole: Buffer, taskId: string | null, line: Line, { faultOf, delayOf, cut }: WayOutRules): void {
  const fault = taskId === null ? null : faultOf(taskId);
  if (fault === "drop") cut();
  else if (fault === "reorder") line.hold(whole);
  else {
    if (fault === "slow" && taskId !== null) line.write(whole, pause(delayOf(taskId)));
    else if (fault === "corrupt") line.write(corrupted(whole));
    else if (fault === "duplicate") line.write(Buffer.concat([whole, whole]));
    else line.write(whole);
    line.letGo();
  }
}

/** Puts a message's frames together; control frames go on at once. */
function createMessages(write: (bytes: Buffer) => void, onMessage: (whole: Buffer, taskId: string | null) => void) {
  let message: Buffer[] = [];
  let numParts = 0;
  let taskId: string | null = null;
  return {
    take(frame: Frame): void {
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
      onMessage(Buffer.concat(message), taskId);
      message = [];
      taskId = null;
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
