import { connect, createServer, type Socket } from "node:net";
import { createRandom, type RandomStream, type RunSettings } from "@tutti/core";
import {
  type ChildConfig,
  freePort,
  joinAsClient,
  type KeptClient,
  newClient,
  type ProtocolClient,
  type ProtocolClientOptions,
  tinyRun,
} from "@tutti/server/testing";

/** The run that every fault is tried on: FedPepTAO with its stages, ten devices of which six train in a round. */
export const faultRun = (changes: Partial<RunSettings> = {}): RunSettings =>
  tinyRun({ numDevices: 10, cohortSize: 6, quorum: 1, numRounds: 6, evaluateEvery: 3, ...changes });

/** A coordinator's process for that run. */
export async function childConfig(folder: string, changes: Partial<RunSettings> = {}): Promise<ChildConfig> {
  return {
    options: {
      host: "127.0.0.1",
      port: await freePort(),
      dataDir: folder,
      pagesDir: null,
      publicDir: folder,
      runId: "tortured",
      homeless: "move",
      graceMs: 200,
      logLevel: "fatal",
      run: faultRun(changes),
    },
    sizes: { numLayers: 3, hiddenSize: 5, keyValueWidth: 4 },
    numClasses: 3,
  };
}

/** Clients of one coordinator, which are closed together. */
export interface Crowd {
  readonly clients: readonly ProtocolClient[];
  join(name: string, options?: Partial<ProtocolClientOptions>): ProtocolClient;
  rejoin(kept: KeptClient, options?: Partial<ProtocolClientOptions>): ProtocolClient;
  close(): void;
}

/** Nobody has joined yet. */
export function createCrowd(url: string): Crowd {
  const clients: ProtocolClient[] = [];
  const add = (kept: KeptClient, options: Partial<ProtocolClientOptions> = {}) => {
    const client = joinAsClient({ url, kept, ...options });
    clients.push(client);
    return client;
  };
  return {
    clients,
    join: (name, options) => add(newClient(name), options),
    rejoin: add,
    close() {
      for (const client of clients) client.close();
    },
  };
}

/** Whatever a fault draws, by what for. */
export const drawsFor = (seed: number, purpose: string): RandomStream => createRandom(seed).stream({ purpose });

/** A TCP proxy before a coordinator that cuts websockets. */
export interface CuttingProxy {
  readonly url: string;
  /** Cuts the websocket on which this many more bytes have gone up. */
  cutAfter(numBytes: number): void;
  readonly numCuts: number;
  close(): Promise<void>;
}

/** Forwards bytes to a port of this machine. */
export async function startCuttingProxy(port: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let left = Number.POSITIVE_INFINITY;
  let numCuts = 0;
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    far.on("data", (bytes) => near.write(bytes));
    let isWebsocket: boolean | null = null;
    near.on("data", (bytes) => {
      isWebsocket ??= bytes.includes("Upgrade: websocket");
      if (!isWebsocket) return void far.write(bytes);
      far.write(bytes.subarray(0, Math.min(bytes.length, left)));
      left -= bytes.length;
      if (left > 0) return;
      left = Number.POSITIVE_INFINITY;
      numCuts += 1;
      far.end(() => near.destroy()); // what was cut off before has arrived
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    cutAfter(numBytes) {
      left = numBytes;
    },
    get numCuts() {
      return numCuts;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Rejects when the part is to end. */
export function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
