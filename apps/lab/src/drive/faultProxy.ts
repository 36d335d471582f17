import { createServer, connect as openSocket, type Socket } from "node:net";
import { createRandom } from "@tutti/core";
import type { FaultCounts, FaultPlan } from "@tutti/record";
import { createWayOut, type SentFault } from "./wayOut.ts";

/** Stands between clients and a coordinator, and does to their contributions what a plan says. */
export interface FaultProxy {
  readonly url: string;
  readonly port: number;
  counts(): FaultCounts;
  /** Whether a client is to be loaded again now; counted where it is. */
  isReload(name: string): boolean;
  close(): Promise<void>;
}

const sentFaults: readonly SentFault[] = ["drop", "corrupt", "duplicate", "reorder", "slow"];
const slowMs = { least: 200, most: 1500 };

interface ProxyOptions {
  readonly host: string;
  readonly port: number;
  /** Of the coordinator. */
  readonly targetPort: number;
  readonly plan: FaultPlan;
}

/** Which fault of the plan a contribution, or a client, meets. */
interface Draw {
  /** Of a contribution, which meets one on its first way only; null for none. Counted where there is one. */
  faultOf(taskId: string): SentFault | null;
  delayOf(taskId: string): number;
  /** Whether a client is to be loaded again now; counted where it is. */
  isReload(name: string): boolean;
  counts(): FaultCounts;
}

function drawFaults(plan: FaultPlan): Draw {
  const random = createRandom(plan.seed);
  const counts = { drop: 0, slow: 0, duplicate: 0, reorder: 0, corrupt: 0, reload: 0 };
  const seen = new Set<string>();
  const isDrawn = (kind: keyof FaultCounts, name: string) => random.stream({ purpose: `fault ${kind} ${name}` }).uniform() < plan[kind];
  return {
    faultOf(taskId) {
      if (seen.has(taskId)) return null;
      seen.add(taskId);
      const fault = sentFaults.find((kind) => isDrawn(kind, taskId)) ?? null;
      if (fault !== null) counts[fault] += 1;
      return fault;
    },
    delayOf: (taskId) => slowMs.least + random.stream({ purpose: `fault slowness ${taskId}` }).uniform() * (slowMs.most - slowMs.least),
    isReload(name) {
      const isNow = isDrawn("reload", name);
      if (isNow) counts.reload += 1;
      return isNow;
    },
    counts: () => ({ ...counts }),
  };
}

/** Listens; every contribution meets at most one fault, on its first way only, so that whatever is lost is sent again and arrives. */
export async function openFaultProxy({ host, port, targetPort, plan }: ProxyOptions): Promise<FaultProxy> {
  const draw = drawFaults(plan);
  const sockets = new Set<Socket>();
  const server = createServer((client) => connectThrough(client, openSocket(targetPort, "127.0.0.1"), draw, sockets));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const listening = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host === "0.0.0.0" ? "localhost" : host}:${listening}`,
    port: listening,
    counts: draw.counts,
    isReload: draw.isReload,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Joins a client's socket with one to the coordinator; where one of them ends, so does the other. */
function connectThrough(client: Socket, coordinator: Socket, draw: Draw, open: Set<Socket>): void {
  for (const [socket, other] of [
    [client, coordinator],
    [coordinator, client],
  ] as const) {
    open.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => other.destroy());
    socket.on("close", () => {
      open.delete(socket);
      other.destroy();
    });
  }
  coordinator.pipe(client);
  const wayOut = createWayOut(coordinator, { ...draw, cut: () => client.destroy() });
  client.on("data", (bytes: Buffer) => wayOut.take(bytes));
}
