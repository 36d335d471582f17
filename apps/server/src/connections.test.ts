import { mkdirSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { type Socket as ClientSocket, io } from "socket.io-client";
import { expect, test, vi } from "vitest";
import { callRates, refusalRate } from "./limits/callRates.ts";
import { createLogger } from "./logger.ts";
import { newClient, provenHello } from "./testing/keptClient.ts";
import { manualClock } from "./testing/manualClock.ts";
import type { ProtocolClient } from "./testing/protocolClient.ts";
import { createScene, type WatchedCoordinator } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();
const helloAs = (name: string, { url }: { readonly url: string }, socket: ClientSocket) =>
  ({ ...provenHello(newClient(name), { socket, url }), hosting: "virtual", devices: [] }) as const;
const waiting = tinyFedAvg({ roster: "open", minDevices: 400, maxDevices: 400 });

/** A counter or gauge of /metrics, with its labels in the name; 0 before it is counted. */
async function metric({ url }: WatchedCoordinator, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? 0);
}

function count({ events }: ProtocolClient, kind: string): number {
  return events.filter((event) => event.kind === kind).length;
}

/** A logger whose lines are counted by what they say. */
function listen() {
  const said: string[] = [];
  const logger = createLogger({ logLevel: "info" }, { write: (line: string) => void said.push(JSON.parse(line).msg) });
  return { logger, numLines: (what: string) => said.filter((one) => one === what).length };
}

/** A bare connection that has sent this. */
function half({ port }: WatchedCoordinator, text: string): { readonly socket: Socket; readonly whenClosed: Promise<string> } {
  const socket = connect(port, "127.0.0.1", () => socket.write(text.replace("Host: x", `Host: 127.0.0.1:${port}`)));
  let got = "";
  socket.on("data", (chunk: Buffer) => {
    got += chunk.toString("utf8");
  });
  socket.on("error", () => undefined);
  return { socket, whenClosed: new Promise((resolve) => socket.on("close", () => resolve(got))) };
}

/** Connects without saying hello, and stays away once it is closed. */
async function bare({ url }: WatchedCoordinator) {
  const socket = io(url, { forceNew: true, transports: ["websocket"], reconnection: false });
  await new Promise((resolve) => socket.on("status", resolve));
  return socket;
}

const numRefused = async (coordinator: WatchedCoordinator): Promise<number> => {
  const text = await (await fetch(`${coordinator.url}/metrics`)).text();
  return text.split("\n").filter((line) => /^tutti_(refusals_total|connections_closed_total)\{/.test(line)).length;
};

test("P-141 requests whose headers or body never end, and connections that say nothing, are closed in time", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(waiting, { connections: { headersTimeoutMs: 200 } }, { clock });
  const many = (text: string) => Array.from({ length: 20 }, () => half(coordinator, text));
  const [headers, silent] = [many("GET /run.json HTTP/1.1\r\nHost: x\r\nX-Slow: "), many("")];
  const bodies = many("POST /run.json HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n42");
  await Promise.all([...headers, ...silent].map(({ whenClosed }) => whenClosed));
  expect(await metric(coordinator, 'tutti_connections_closed_total{reason="headers"}')).toBe(40);
  for (let i = 0; i < 8; i++) clock.advance(5000);
  await Promise.all(bodies.map(({ whenClosed }) => whenClosed));
  expect(await metric(coordinator, 'tutti_connections_closed_total{reason="body"}')).toBe(20);
});

test("P-141 an answer that nobody reads is given up, and one that is read slowly is not", async () => {
  const clock = manualClock();
  mkdirSync(join(scene.folder(), "datasets", "large"), { recursive: true });
  writeFileSync(join(scene.folder(), "datasets", "large", "large.bin"), new Uint8Array(30_000_000));
  const coordinator = await scene.start(waiting, {}, { clock });
  const ask = "GET /datasets/large/large.bin HTTP/1.1\r\nHost: x\r\n\r\n";
  const [deaf, slow] = [half(coordinator, ask).socket, half(coordinator, ask).socket];
  deaf.pause();
  for (let i = 0; i < 14; i++) {
    slow.resume();
    await vi.waitFor(() => expect(slow.bytesRead).toBeGreaterThan(1_000_000 * (i + 1)), { interval: 1 });
    slow.pause();
    await metric(coordinator, "tutti_connections");
    clock.advance(5000);
  }
  expect(await metric(coordinator, 'tutti_connections_closed_total{reason="answer"}')).toBe(1);
  expect(slow.readyState).toBe("open");
  slow.destroy();
  deaf.destroy();
});

test("P-140 above the cap a connection is closed at once, those that are there stay, and the numbers are told", async () => {
  const coordinator = await scene.start(waiting, { connections: { max: 6 } });
  const a = scene.join(coordinator, "a");
  await a.when("registered");
  const standing = Array.from({ length: 12 }, () => half(coordinator, ""));
  const closed = standing.map(({ whenClosed }) => whenClosed.then(() => true));
  await Promise.race(closed);
  await vi.waitFor(() => expect(standing.filter(({ socket }) => socket.readyState === "closed").length).toBeGreaterThanOrEqual(7), {
    interval: 5,
  });
  for (const { socket } of standing) socket.destroy();
  expect(await a.call("loading", {})).toMatchObject({ ok: true });
  await vi.waitFor(async () => expect(await metric(coordinator, "tutti_connections")).toBeLessThan(6), { interval: 10 });
  expect(await metric(coordinator, 'tutti_connections_closed_total{reason="full"}')).toBeGreaterThanOrEqual(7);
  expect(await metric(coordinator, "tutti_connections_max")).toBe(6);
  expect(coordinator.notices).toEqual([expect.stringContaining("at most 6 connections at once, but 400 clients may come with two each")]);
});

test("P-142, P-143, P-145 a thousand hellos on one socket cost no more bytes than they bring, and end with the socket", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(waiting, {}, { clock });
  const honest = scene.join(coordinator, "honest");
  await honest.when("registered");
  const socket = await bare(coordinator);
  const bytes = () => coordinator.traffic().waiting;
  const before = bytes();
  const hello = helloAs("attacker", coordinator, socket);
  const answers: { ok: boolean; rule?: string }[] = [];
  const closed = new Promise((resolve) => socket.on("disconnect", resolve));
  for (let i = 0; i < 1000; i++) socket.emit("hello", hello, (answer: { ok: boolean }) => answers.push(answer));
  expect(await closed).toBe("io server disconnect");
  const after = bytes();
  expect(answers.filter(({ ok }) => ok).length).toBeLessThanOrEqual(callRates.hello.burst);
  expect(answers.filter(({ rule }) => rule === "P-142").length).toBeLessThanOrEqual(refusalRate.burst + 1);
  expect(after.down - before.down).toBeLessThan(after.up - before.up);
  expect(await honest.call("loading", {})).toMatchObject({ ok: true });
});

test("P-142 a new connection for each hello gives no more of them, and who waits is let in", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(waiting, {}, { clock });
  const outcomes: unknown[] = [];
  for (let i = 0; i < callRates.hello.burst + 4; i++) {
    const socket = await bare(coordinator);
    outcomes.push(await socket.emitWithAck("hello", helloAs("again", coordinator, socket)));
    socket.close();
  }
  expect(outcomes.filter((outcome) => (outcome as { ok: boolean }).ok)).toHaveLength(callRates.hello.burst);
  expect(outcomes.at(-1)).toEqual({ ok: false, rule: "P-142", message: "hello: at most 20 at once and 1 a second, again in 1000 ms" });
  clock.advance(1000);
  const socket = await bare(coordinator);
  expect(await socket.emitWithAck("hello", helloAs("again", coordinator, socket))).toMatchObject({ ok: true });
  socket.close();
});

test.each(["pause", "submit", "nonsense"])(
  "P-143 a socket that is refused again and again is closed, and the log is not filled (%s)",
  async (name) => {
    const { logger, numLines } = listen();
    const coordinator = await scene.start(waiting, {}, { clock: manualClock(), logger });
    const socket = await bare(coordinator);
    const closed = new Promise((resolve) => socket.on("disconnect", resolve));
    for (let i = 0; i < 600; i++) socket.emit(name, { isPaused: "perhaps" });
    expect(await closed).toBe("io server disconnect");
    expect(await metric(coordinator, 'tutti_connections_closed_total{reason="refusals"}')).toBeGreaterThanOrEqual(1);
    expect(numLines("refused")).toBe(20);
  },
);

test("P-144 a lease that is refused is sent again after 1, 2 and 4 s, then the device is not waited for", async () => {
  const clock = manualClock();
  const { logger, numLines } = listen();
  const run = tinyFedAvg({ cohortSize: 4, quorum: 0.5, numRounds: 1, evaluateEvery: 1 });
  const coordinator = await scene.start(run, { expectedClients: 2, homeless: "leave" }, { clock, logger });
  scene.join(coordinator, "a");
  const attacker = scene.join(coordinator, "b");
  let numSent = 0;
  attacker.socket.offAny();
  attacker.socket.on("task", (lease, acknowledge) => {
    if (lease.spec.kind !== "train") return acknowledge({ ok: true, value: {} }); // the evaluation behind it
    numSent++;
    acknowledge({ ok: false, rule: "P-5", message: "internal" });
  });
  const refusals = (count: number) => vi.waitFor(() => expect(numLines("a task was not acknowledged")).toBe(count), { interval: 2 });
  await refusals(2);
  for (const [pauseMs, total] of [
    [1000, 4],
    [2000, 6],
    [4000, 8],
  ] as const) {
    clock.advance(pauseMs - 1);
    await metric(coordinator, "tutti_connections"); // whatever was sent is there before this is answered
    expect(numSent).toBe(total - 2);
    clock.advance(1);
    await refusals(total);
    expect(numSent).toBe(total);
  }
  const { contributions } = await coordinator.when("closed");
  expect(contributions.map(({ deviceId }) => deviceId)).toEqual([0, 2]);
  expect(await metric(coordinator, "tutti_leases_resent_total")).toBe(6);
});

test("honest clients meet no limit: 50 tabs that lose their connection at once and come back, twice", async () => {
  const run = tinyFedAvg({ roster: "open", minDevices: 400, maxDevices: 400 });
  const coordinator = await scene.start(run);
  const clients = Array.from({ length: 50 }, (_, i) => scene.join(coordinator, String(i).padStart(4, "0")));
  const allRegistered = (times: number) =>
    Promise.all(clients.map((client) => client.when("registered", () => count(client, "registered") >= times)));
  await allRegistered(1);
  for (const times of [2, 3]) {
    for (const { socket } of clients) socket.io.engine.close();
    await allRegistered(times);
  }
  expect(coordinator.status().numConnected).toBe(50);
  expect(await numRefused(coordinator)).toBe(0);
});

test("honest clients meet no limit: a whole run over polling", async () => {
  const coordinator = await scene.start(tinyFedAvg({ numRounds: 6 }), { expectedClients: 3 });
  for (const name of ["a", "b", "c"]) scene.join(coordinator, name, { socketOptions: { transports: ["polling"] } });
  await coordinator.whenDone();
  expect(await numRefused(coordinator)).toBe(0);
});

test("honest clients meet no limit: a body that takes several times the limit and gets on all the while", async () => {
  const coordinator = await scene.start(waiting, { connections: { headersTimeoutMs: 300, stallTimeoutMs: 300, minBytesPerSecond: 500 } });
  const open = await (await fetch(`${coordinator.url}/socket.io/?EIO=4&transport=polling`)).text();
  const { sid } = JSON.parse(open.slice(1));
  const packets = `40\u001e42${JSON.stringify(["nonsense", "x".repeat(4000)])}`;
  const { socket, whenClosed } = half(
    coordinator,
    `POST /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: ${packets.length}\r\n\r\n`,
  );
  for (let at = 0; at < packets.length; at += 400) {
    await new Promise((resolve) => setTimeout(resolve, 120));
    socket.write(packets.slice(at, at + 400));
  }
  expect(await whenClosed).toContain("200 OK");
});
