import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type Socket as ServerSocket } from "socket.io";
import { type Socket as ClientSocket, io } from "socket.io-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { call, type Handlers, send, serve } from "./calls.ts";
import { decodeParams, encodeParams } from "./codec.ts";
import { protocolVersion } from "./limits.ts";
import type { Received } from "./messages.ts";
import { refuse } from "./rules.ts";

let server: Server;
let serverSide: ServerSocket;
let clientSide: ClientSocket;
const faults: unknown[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (error: unknown) => unhandled.push(error);

beforeEach(async () => {
  faults.length = 0;
  unhandled.length = 0;
  process.on("unhandledRejection", onUnhandled);
  const http = createServer();
  server = new Server(http);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const connected = new Promise<ServerSocket>((resolve) => server.once("connection", resolve));
  clientSide = io(`http://127.0.0.1:${port}`, { transports: ["websocket"] });
  serverSide = await connected;
  if (!clientSide.connected) await new Promise<void>((resolve) => clientSide.once("connect", resolve));
});

afterEach(async () => {
  clientSide.disconnect();
  await server.close();
  process.off("unhandledRejection", onUnhandled);
  expect(unhandled).toEqual([]);
});

const onFault = (_: string, error: unknown) => faults.push(error);
const taskId = "0123456789abcdef0123456789abcdef";

function serveAtServer(handlers: Handlers): () => void {
  return serve(serverSide, handlers, { onFault });
}

test("P-2 a call is answered with the handler's value", async () => {
  const received: Received<"pause">[] = [];
  serveAtServer({
    pause: async (request) => {
      received.push(request);
      return {};
    },
  });
  expect(await call(clientSide, "pause", { isPaused: true })).toEqual({ ok: true, value: {} });
  expect(received).toEqual([{ isPaused: true }]);
});

test("P-2 what a handler keeps for after its answer is done behind it, however long the answer takes, and never after a refusal", async () => {
  const done: string[] = [];
  const listeners: ((name: string, ...values: unknown[]) => void)[] = [];
  const socket = { connected: true, emit: () => true, on: () => true, onAny: listeners.push.bind(listeners), offAny: () => true };
  serve(
    socket,
    {
      pause({ isPaused }, afterAnswer) {
        afterAnswer(() => done.push("act"));
        return isPaused ? new Promise((resolve) => setTimeout(() => resolve({}), 20)) : refuse("P-10", "not yet");
      },
    },
    { onFault },
  );
  const ask = (isPaused: boolean) =>
    new Promise<void>((resolve) => {
      const acknowledge = ({ ok }: { ok: boolean }) => {
        done.push(ok ? "answer" : "refusal");
        setImmediate(resolve);
      };
      listeners[0]?.("pause", { isPaused }, acknowledge);
    });
  await ask(false);
  await ask(true);
  expect(done).toEqual(["refusal", "answer", "act"]);
});

test("P-2 the coordinator calls clients in the same way", async () => {
  serve(clientSide, { goodbye: ({ reason }) => (reason === "finished" ? {} : refuse("P-10", "not yet")) }, { onFault });
  expect(await call(serverSide, "goodbye", { reason: "finished" })).toEqual({ ok: true, value: {} });
  expect(await call(serverSide, "goodbye", { reason: "closing" })).toEqual({ ok: false, rule: "P-10", message: "not yet" });
});

test("tensors arrive as bytes whichever view they were sent as", async () => {
  const params = { "prefix/3": { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } };
  const encoded = encodeParams(params, "f32");
  const shifted = new Uint8Array(encoded.length + 7);
  shifted.set(encoded, 5);
  const received: unknown[] = [];
  serveAtServer({
    submit: ({ tensors }) => {
      received.push(decodeParams(tensors ?? new Uint8Array()));
      return { outcome: "accepted" };
    },
  });
  const header = { kind: "train", numSteps: 6, firstLoss: 0.7, lastLoss: 0.5 } as const;
  for (const tensors of [encoded, encoded.buffer, Buffer.from(encoded), shifted.subarray(5, 5 + encoded.length)]) {
    expect(await call(clientSide, "submit", { taskId, deviceId: 4, header, tensors })).toEqual({
      ok: true,
      value: { outcome: "accepted" },
    });
  }
  expect(received).toEqual([params, params, params, params]);
});

test("P-3 a message that does not fit is refused by name and the handler never runs", async () => {
  const refusals: string[] = [];
  let isCalled = false;
  const handlers: Handlers = {
    pause: () => {
      isCalled = true;
      return {};
    },
  };
  serve(serverSide, handlers, { onFault, onRefused: (name, refusal) => refusals.push(`${name} ${refusal.refused}`) });
  for (const request of [undefined, null, 7, [], { isPaused: 1 }, { isPaused: true, more: 1 }]) {
    expect(await clientSide.emitWithAck("pause", request)).toMatchObject({
      ok: false,
      rule: "P-3",
      message: expect.stringContaining("pause"),
    });
  }
  expect(isCalled).toBe(false);
  expect(refusals).toEqual(new Array(6).fill("pause P-3"));
});

test("P-3 NaN, which JSON turns into null, is refused", async () => {
  serveAtServer({ register: () => ({}) });
  const answer = await call(clientSide, "register", { devices: [{ deviceId: 3, numExamples: Number.NaN }] });
  expect(answer).toMatchObject({ ok: false, rule: "P-3", message: expect.stringContaining("register.devices.0.numExamples") });
});

test("P-1 an old page's hello is told to reload, whatever else it holds", async () => {
  serveAtServer({
    hello: () => {
      throw new Error("must not be called");
    },
  });
  const answer = await clientSide.emitWithAck("hello", { protocolVersion: 0, somethingOld: true });
  expect(answer).toMatchObject({ ok: false, rule: "P-1", message: expect.stringContaining("reload the page") });
  expect(await clientSide.emitWithAck("hello", null)).toMatchObject({ rule: "P-3" });
});

test("P-4 names that nobody serves are answered, also those of an object's prototype", async () => {
  serveAtServer({ pause: () => ({}) });
  for (const name of ["leave", "nonsense", "constructor", "toString", "__proto__", "x".repeat(5000)]) {
    const answer = await clientSide.emitWithAck(name, {});
    expect(answer).toMatchObject({ ok: false, rule: "P-4" });
    expect(answer.message.length).toBeLessThan(200);
  }
});

test("P-4 an event that is named by a number is answered too, and one that has no name at all closes the socket and harms nobody", async () => {
  serveAtServer({ pause: () => ({}) });
  const named = (name: unknown): Promise<unknown> => Reflect.apply(clientSide.emitWithAck, clientSide, [name, {}]);
  for (const name of [5, 0, -1.5]) {
    expect(await named(name)).toEqual({ ok: false, rule: "P-4", message: `call number ${name} is not served here` });
  }
  clientSide.io.reconnectionDelay(1).reconnectionDelayMax(2);
  for (const packet of ['2[{"a":1},{}]', "2[null]", "2[true,{}]", '2[["pause"],{}]', "2[]", "2{}", '27["disconnect",{}]', "not a packet"]) {
    const closed = new Promise((resolve) => serverSide.once("disconnect", resolve));
    const next = new Promise<ServerSocket>((resolve) => server.once("connection", resolve));
    clientSide.io.engine.write(packet);
    expect(await closed).toBe("forced close");
    serverSide = await next;
    serveAtServer({ pause: () => ({}) });
    expect(await clientSide.emitWithAck("pause", { isPaused: true })).toEqual({ ok: true, value: {} });
  }
  expect(faults).toEqual([]);
});

test("P-3 a large Buffer in place of a message or of a part of it is refused at once, without a word for each of its bytes", async () => {
  serveAtServer({ register: () => ({}), hello: () => refuse("P-10", "not asked") });
  const large = Buffer.alloc(900_000);
  expect(await clientSide.emitWithAck("register", large)).toEqual({
    ok: false,
    rule: "P-3",
    message: "register: bytes do not belong here",
  });
  const hello = { protocolVersion, clientKey: "0123456789abcdef", hosting: "virtual", devices: [], capabilities: large };
  expect(await clientSide.emitWithAck("hello", hello)).toMatchObject({ message: "hello.capabilities: bytes do not belong here" });
  expect(await clientSide.emitWithAck("hello", large)).toMatchObject({ rule: "P-3" });
  const nested = Buffer.from(`2${"["}"register",${"[".repeat(50_000)}${"]".repeat(50_000)}]`).toString();
  clientSide.io.engine.write(nested);
  expect(await clientSide.emitWithAck("register", [])).toMatchObject({ rule: "P-3" });
  expect(faults).toEqual([]);
});

test("P-7 an answer with bytes in it is a refusal", async () => {
  const answers: unknown[] = [
    Buffer.alloc(9),
    { ok: true, value: Buffer.alloc(900_000) },
    { ok: true, value: { outcome: [Buffer.alloc(1)] } },
  ];
  serverSide.on("submit", (_, acknowledge) => acknowledge(answers.shift()));
  for (let left = answers.length; left > 0; left--) {
    const outcome = await call(clientSide, "submit", { taskId, deviceId: 4, header: { kind: "score", layerScores: null } });
    expect(outcome).toMatchObject({ ok: false, rule: "P-7", message: expect.stringMatching(/^submit.*: bytes do not belong here$/) });
  }
});

test("P-5 a handler that throws or rejects is answered without its details, and the error is reported", async () => {
  serveAtServer({
    pause: () => {
      throw new Error("secret 1");
    },
    leave: () => Promise.reject(new Error("secret 2")),
  });
  expect(await call(clientSide, "pause", { isPaused: true })).toEqual({ ok: false, rule: "P-5", message: "internal" });
  expect(await call(clientSide, "leave", {})).toEqual({ ok: false, rule: "P-5", message: "internal" });
  expect(faults.map(String)).toEqual(["Error: secret 1", "Error: secret 2"]);
});

test("a listener of refusals that throws costs the caller nothing", async () => {
  const onRefused = () => {
    throw new Error("log is full");
  };
  serve(serverSide, { leave: () => refuse("P-10", "say hello first") }, { onFault, onRefused });
  expect(await call(clientSide, "leave", {})).toEqual({ ok: false, rule: "P-10", message: "say hello first" });
  expect(faults.map(String)).toEqual(["Error: log is full"]);
});

test("P-35 a message without an acknowledgement function is handled, and a bad one harms nobody", async () => {
  const received: number[] = [];
  serveAtServer({
    progress: ({ step }) => {
      received.push(step);
      return {};
    },
    pause: () => ({}),
  });
  clientSide.emit("progress");
  clientSide.emit("progress", 3, 4, 5);
  await call(clientSide, "pause", { isPaused: false }); // the transport is free again, so that nothing is dropped
  send(clientSide.volatile, "progress", { taskId, step: 2, numSteps: 9, loss: 0.4 });
  await call(clientSide, "pause", { isPaused: false }); // messages keep their order
  expect(received).toEqual([2]);
});

test("P-6 a call over a socket that is not connected has no answer and is not sent later", async () => {
  serveAtServer({ leave: () => ({}) });
  clientSide.disconnect();
  expect(await call(clientSide, "leave", {})).toMatchObject({ ok: false, rule: "P-6" });
  expect(clientSide.sendBuffer).toEqual([]);
});

test("P-6 a call whose socket closes, or whose answer does not come in time, has no answer", async () => {
  let begun: () => void = () => {};
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  serveAtServer({
    leave: () => {
      begun();
      return new Promise(() => {});
    },
  });
  expect(await call(clientSide, "leave", {}, { timeoutMs: 20 })).toEqual({
    ok: false,
    rule: "P-6",
    message: "call leave: no answer, within 20 ms",
  });
  const waiting = call(clientSide, "leave", {});
  await hasBegun;
  serverSide.disconnect(true);
  expect(await waiting).toMatchObject({ ok: false, rule: "P-6", message: "call leave: no answer, the socket was disconnected" });
});

test("P-6 many calls at once are all told of a disconnection, without a warning of too many listeners", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on("warning", onWarning);
  const waiting = Array.from({ length: 40 }, () => call(serverSide, "replaced", {}));
  clientSide.disconnect();
  const outcomes = await Promise.all(waiting);
  process.off("warning", onWarning);
  expect(outcomes.filter((outcome) => !outcome.ok && outcome.rule === "P-6")).toHaveLength(40);
  expect(warnings).toEqual([]);
});

test("an aborted call rejects with the reason", async () => {
  serveAtServer({ leave: () => new Promise(() => {}) });
  const controller = new AbortController();
  const waiting = call(clientSide, "leave", {}, { signal: controller.signal });
  controller.abort(new Error("the tab closes"));
  await expect(waiting).rejects.toThrow("the tab closes");
  await expect(call(clientSide, "leave", {}, { signal: controller.signal })).rejects.toThrow("the tab closes");
});

test("P-7 an answer that does not fit is a refusal", async () => {
  const answers: unknown[] = [
    null,
    7,
    { ok: true },
    { ok: true, value: { outcome: "perhaps" } },
    { ok: true, value: { outcome: "accepted", more: 1 } },
    { ok: false, rule: "unknown", message: "no such rule" },
    { ok: false, rule: "P-42" },
  ];
  serverSide.on("submit", (_, acknowledge) => acknowledge(answers.shift()));
  for (let left = answers.length; left > 0; left--) {
    const outcome = await call(clientSide, "submit", { taskId, deviceId: 4, header: { kind: "score", layerScores: null } });
    expect(outcome).toMatchObject({ ok: false, rule: "P-7" });
  }
});

test("after it was stopped nothing is served", async () => {
  serveAtServer({ leave: () => ({}) })();
  expect(await call(clientSide, "leave", {}, { timeoutMs: 30 })).toMatchObject({ rule: "P-6" });
});
