import { createTensor, type Params, sizeOf, taskSteps } from "@tutti/core";
import { encodeParams, type Submit, type TaskLease } from "@tutti/protocol";
import { joinRaw, type RawClient } from "./rawClient.ts";

/** What the process of the benchmark's clients is told: how many are to be there. */
export interface LoadOrder {
  readonly numClients: number;
}

/** Clients that join at the same moment, as a class does. */
const numAtOnce = 8;

/** The same small values for every device: the cost does not depend on them. */
function deltaOf(shapes: TaskLease["expects"]["shapes"]): Params {
  const delta: Record<string, Params[string]> = {};
  for (const [name, shape] of Object.entries(shapes)) {
    delta[name] = createTensor(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i % 17) - 8) / 1000),
    );
  }
  return delta;
}

/** Encoded once for all: the clients' own work is not measured. */
const encoded = new Map<string, Uint8Array<ArrayBuffer>>();

function tensorsOf({ shapes, encoding }: TaskLease["expects"]): Uint8Array<ArrayBuffer> {
  const key = JSON.stringify([shapes, encoding]);
  const known = encoded.get(key) ?? encodeParams(deltaOf(shapes), encoding);
  encoded.set(key, known);
  return known;
}

/** Downloads under way: the clients share a process, whose connections are not what is measured. */
const numDownloads = 32;

const downloads = Array.from({ length: numDownloads }, () => Promise.resolve());
let numFetched = 0;

function download(url: string): Promise<void> {
  const lane = numFetched++ % numDownloads;
  const next = (downloads[lane] ?? Promise.resolve()).then(async () => {
    await (await fetch(url)).arrayBuffer();
  });
  downloads[lane] = next;
  return next;
}

/** Fetches what a task reads, as a client does, and answers with a body of the right form. */
async function workOn(port: number, { taskId, deviceId, spec, expects, parameterSets }: TaskLease): Promise<Submit> {
  for (const { sha256 } of Object.values(parameterSets)) await download(`http://127.0.0.1:${port}/blobs/${sha256}`);
  if (spec.kind === "evaluate") {
    const confusion = [0, 1, 2, 3].map((row) => [0, 1, 2, 3].map((column) => Number(row === column)));
    const results = spec.protocols.flatMap((protocol) => spec.splits.map((split) => ({ protocol, split, confusion, lossSum: 1 })));
    return { taskId, deviceId, header: { kind: "evaluate", results } };
  }
  if (spec.kind !== "train") throw new Error(`the benchmark has no ${spec.kind} tasks`);
  const numSteps = taskSteps(spec, expects);
  return { taskId, deviceId, header: { kind: "train", numSteps, firstLoss: 1, lastLoss: 0.9 }, tensors: tensorsOf(expects) };
}

/** Told how many are to be there, lets the missing ones join and answers with the bytes that all have received so far. */
function main(port: number, isTls: boolean, hosting: "own" | "virtual"): void {
  const clients: RawClient[] = [];
  let numBegun = 0;
  const joinNext = async (numClients: number): Promise<void> => {
    while (numBegun < numClients) {
      const index = numBegun++;
      clients.push(await joinRaw({ port, isTls, index, hosting, ...(hosting === "own" ? {} : { work: (lease) => workOn(port, lease) }) }));
    }
  };
  process.on("message", ({ numClients }: LoadOrder) => {
    void Promise.all(Array.from({ length: numAtOnce }, () => joinNext(numClients))).then(() =>
      process.send?.(clients.reduce((sum, { socket }) => sum + socket.bytesRead, 0)),
    );
  });
}

main(Number(process.argv[2]), process.argv[3] === "tls", process.argv[4] === "virtual" ? "virtual" : "own");
