import { connect, type Socket } from "node:net";
import { presets, type RunSettings } from "@tutti/core";
import { type Coordinator, type CoordinatorOptions, startCoordinator, tunedParameters } from "@tutti/server";
import { helloOf, joinRaw } from "../load/rawClient.ts";
import { openRawSocket } from "../load/rawSocket.ts";
import { type BenchRow, row } from "../rows.ts";

/** What this part is given of `npm run torture`. */
export interface ConnectionsPlace {
  readonly folder: string;
  say(line: string): void;
}

const waiting: RunSettings = { ...presets.default, roster: "open", minDevices: 1000, maxDevices: 1000 };

/** Eight devices of a fixed roster that train in every round, without stages before. */
const training: RunSettings = {
  ...presets.default,
  numDevices: 8,
  minDevices: 8,
  cohortSize: 8,
  deadlineMs: null,
  strategy: { name: "fedAvg", fineTuneEpochs: 0 },
};

/** Connections that stand still, floods of calls, leases that are refused, and clients that mean well beside them. */
export async function tortureConnections(place: ConnectionsPlace): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const attack of [honestReturns, floods, halfFinished, aboveTheCap, refusedLeases]) {
    place.say(`${attack.name} …`);
    rows.push(...(await attack(place)));
  }
  return rows;
}

async function withCoordinator<T>(
  { folder }: ConnectionsPlace,
  options: Partial<CoordinatorOptions> & Pick<CoordinatorOptions, "run" | "runId">,
  work: (coordinator: Coordinator) => Promise<T>,
): Promise<T> {
  const tuned = tunedParameters(options.run as RunSettings, { numLayers: 6, hiddenSize: 128, keyValueWidth: 128 }, 4);
  const place = { dataDir: folder, host: "127.0.0.1", port: 0, pagesDir: null, logLevel: "silent" } as const;
  const coordinator = await startCoordinator({ ...place, ...options }, { tuned });
  try {
    return await work(coordinator);
  } finally {
    await coordinator.close();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A counter or gauge of /metrics, summed over its labels; 0 before it is counted. */
async function metric({ url }: Coordinator, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

/** Bare connections that have sent this and no more. */
async function hold({ port }: Coordinator, text: string, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(port, "127.0.0.1", () => text === "" || socket.write(text.replace("Host: x", `Host: 127.0.0.1:${port}`)));
    return socket.on("error", () => undefined).resume();
  });
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("connect", resolve).once("close", resolve))));
  return sockets;
}

const numStanding = (sockets: readonly Socket[]): number => sockets.filter(({ readyState }) => readyState === "open").length;

async function halfFinished(place: ConnectionsPlace): Promise<BenchRow[]> {
  return withCoordinator(place, { run: waiting, runId: "half" }, async (coordinator) => {
    const kinds = [
      ["headers", "GET /run.json HTTP/1.1\r\nHost: x\r\nX-Slow: "],
      ["bodies", "POST /run.json HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n42"],
      ["connections that say nothing", ""],
      ["websockets without a hello", ""],
    ] as const;
    const held = await Promise.all(kinds.slice(0, 3).map(([, text]) => hold(coordinator, text, 500)));
    const silent = Array.from({ length: 500 }, () => openRawSocket({ port: coordinator.port, onText: () => undefined }).socket);
    const slow = await hold(coordinator, `POST /run.json HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n`, 20);
    const drip = setInterval(() => {
      for (const socket of slow) socket.write("x".repeat(2000));
    }, 500);
    await pause(90_000);
    clearInterval(drip);
    const rows = kinds.map(([name], i) =>
      row(`half-finished ${name} that stand after 90 s, of 500`, numStanding(held[i] ?? silent), "", { atMost: 0 }),
    );
    const kept = row("uploads over slow lines that are kept, of 20", numStanding(slow), "", { atLeast: 20 });
    for (const socket of [...held.flat(), ...silent, ...slow]) socket.destroy();
    return [...rows, kept];
  });
}

async function aboveTheCap(place: ConnectionsPlace): Promise<BenchRow[]> {
  return withCoordinator(place, { run: waiting, runId: "cap", connections: { max: 300 } }, async (coordinator) => {
    const honest = await joinRaw({ port: coordinator.port, isTls: false, index: 0, hosting: "own" });
    const sockets = await hold(coordinator, "", 1000);
    await pause(2000);
    const standing = numStanding(sockets);
    const isThere = coordinator.status().numConnected === 1 && honest.socket.readyState === "open";
    for (const socket of sockets) socket.destroy();
    honest.close();
    return [
      row("connections that stand with a cap of 300, of 1001", standing + 1, "", { atMost: 300 }),
      row("clients that were there and stay", Number(isThere), "", { atLeast: 1 }),
    ];
  });
}

const floodNames = ["hello", "register", "submit", "decline", "pause", "nonsense"] as const;

async function floods(place: ConnectionsPlace): Promise<BenchRow[]> {
  return withCoordinator(place, { run: waiting, runId: "floods" }, async (coordinator) => {
    const rows: BenchRow[] = [];
    for (const name of floodNames) {
      const { up, down, isClosed } = await flood(coordinator, name);
      rows.push(row(`flood of ${name}: bytes answered over bytes sent`, down / up, "×", { atMost: 1 }));
      rows.push(row(`flood of ${name}: sockets that are closed`, Number(isClosed), "", { atLeast: 1 }));
    }
    return rows;
  });
}

/** Five thousand calls as fast as they go. */
async function flood(
  { port }: Coordinator,
  name: string,
): Promise<{ readonly up: number; readonly down: number; readonly isClosed: boolean }> {
  let onConnected: (text: string) => void = () => undefined;
  const connected = new Promise<string>((resolve) => {
    onConnected = resolve;
  });
  const { socket, say } = openRawSocket({
    port,
    onText(text) {
      if (text.startsWith("0")) say("40");
      else if (text.startsWith("40")) onConnected(text);
      else if (text === "2") say("3");
    },
  });
  socket.on("error", () => undefined);
  const greeting = await connected;
  const [readBefore, writtenBefore] = [socket.bytesRead, socket.bytesWritten];
  const request = name === "hello" ? helloOf({ index: 7, hosting: "own", port, connected: greeting }) : { isPaused: "perhaps" };
  const closed = new Promise<boolean>((resolve) => socket.once("close", () => resolve(true)));
  for (let i = 0; i < 5000 && socket.writable; i++) {
    say(`42${i}${JSON.stringify([name, request])}`);
    if (i % 50 === 0) await new Promise(setImmediate);
  }
  const isClosed = await Promise.race([closed, pause(10_000).then(() => false)]);
  const moved = { up: socket.bytesWritten - writtenBefore, down: socket.bytesRead - readBefore };
  socket.destroy();
  return { ...moved, isClosed };
}

async function refusedLeases(place: ConnectionsPlace): Promise<BenchRow[]> {
  return withCoordinator(place, { run: training, runId: "refused", expectedClients: 1, homeless: "leave" }, async (coordinator) => {
    const numSent = new Map<string, number>();
    const { socket, say } = openRawSocket({
      port: coordinator.port,
      onText(text) {
        if (text === "2") say("3");
        else if (text.startsWith("0")) say("40");
        else if (text.startsWith("40"))
          say(`420${JSON.stringify(["hello", helloOf({ index: 1, hosting: "virtual", port: coordinator.port, connected: text })])}`);
        else if (text.startsWith("430")) {
          const devices = JSON.parse(text.slice(3))[0].value.devices.map(({ deviceId }: { deviceId: number }) => ({
            deviceId,
            numExamples: 20,
          }));
          say(`421${JSON.stringify(["register", { devices }])}`);
        }
        const [, id, json] = /^42(\d+)(\["task".*)$/s.exec(text) ?? [];
        if (id === undefined || json === undefined) return;
        const { taskId } = JSON.parse(json)[1];
        numSent.set(taskId, (numSent.get(taskId) ?? 0) + 1);
        say(`43${id}[{"ok":false,"rule":"P-5","message":"internal"}]`);
      },
    });
    await pause(12_000);
    socket.destroy();
    const resent = await metric(coordinator, "tutti_leases_resent_total");
    return [
      row("times that a refused lease was sent, at most", Math.max(0, ...numSent.values()), "", { atMost: 4 }),
      row("refused leases sent again a second", resent / 12, "1/s", { atMost: 8 }),
    ];
  });
}

async function honestReturns(place: ConnectionsPlace): Promise<BenchRow[]> {
  return withCoordinator(place, { run: waiting, runId: "honest" }, async (coordinator) => {
    const come = () =>
      Promise.all(Array.from({ length: 200 }, (_, index) => joinRaw({ port: coordinator.port, isTls: false, index, hosting: "own" })));
    for (let times = 0; times < 4; times++) {
      const tabs = await come();
      for (const tab of tabs) tab.close();
    }
    const numLimited = (await metric(coordinator, "tutti_refusals_total")) + (await metric(coordinator, "tutti_connections_closed_total"));
    return [
      row("limits that 200 tabs meet which come back four times at once", numLimited, "", { atMost: 0 }),
      row("devices that they have then", coordinator.status().numDevices, "", { atLeast: 200 }),
    ];
  });
}
