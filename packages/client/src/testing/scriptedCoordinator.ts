import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Params, presets, sha256HexSync } from "@tutti/core";
import {
  type Answer,
  type BlobRef,
  type CallName,
  call,
  encodeParams,
  type Handlers,
  type Received,
  type Refusal,
  type Request,
  refuse,
  type Status,
  serve,
  type TaskLease,
  type Welcome,
} from "@tutti/protocol";
import { Server, type ServerOptions, type Socket } from "socket.io";

type Heard = { readonly [N in CallName]: { readonly name: N; readonly request: Received<N> } }[CallName];

/** How the script answers; tests replace what they need. */
export interface Script {
  hello: (request: Received<"hello">) => Answer<"hello"> | Refusal | Promise<Answer<"hello"> | Refusal>;
  register: (request: Received<"register">) => Answer<"register"> | Refusal;
  submit: (request: Received<"submit">) => Answer<"submit"> | Refusal | Promise<Answer<"submit"> | Refusal>;
  withdraw: () => Answer<"withdraw"> | Refusal;
  receipt: () => Answer<"receipt"> | Refusal;
  /** What run.json holds. */
  runInfo: () => unknown;
}

/** A coordinator over real HTTP and socket.io that does what a test says and remembers what it heard. */
export interface ScriptedCoordinator {
  readonly url: string;
  readonly script: Script;
  /** Blobs by hash; a test may spoil one. */
  readonly blobs: Map<string, Uint8Array>;
  /** The next call of that name that no test has looked at yet. */
  heard<N extends CallName>(name: N): Promise<Received<N>>;
  numHeard(name: CallName): number;
  blob(params: Params): BlobRef;
  /** Calls the client that connected last and waits for its acknowledgement. */
  tell<N extends CallName>(name: N, request: Request<N>): Promise<void>;
  disconnectClient(): void;
  stop(): Promise<void>;
  /** Listens on the same port again. */
  start(): Promise<void>;
}

/** The run of every scripted coordinator. */
export const scriptedRunId = "scripted-run";

/** A status before anything has happened. */
export const emptyStatus: Status = {
  runId: scriptedRunId,
  phase: "running",
  stage: null,
  round: 0,
  numRounds: 0,
  step: 0,
  attempt: 0,
  numConnected: 1,
  numDevices: 1,
  numPaused: 0,
  tasksOut: 0,
  tasksIn: 0,
  layerScores: null,
  selectedLayers: null,
  keepFraction: null,
  probes: [],
  history: [],
  bytes: { score: zeroTraffic(), count: zeroTraffic(), train: zeroTraffic(), evaluation: zeroTraffic() },
  allLayersF32: zeroTraffic(),
  message: null,
  deadlineMs: null,
};

function zeroTraffic(): { up: number; down: number } {
  return { up: 0, down: 0 };
}

/** The answer to a hello: device 3, new unless told otherwise. */
export function welcomeWith(part: Partial<Welcome> = {}): Welcome {
  return {
    runId: scriptedRunId,
    run: presets.demo,
    urls: { backbone: "backbones/minuet/manifest.json", dataset: "datasets/" },
    devices: [{ deviceId: 3, decision: "new" }],
    keepsStates: false,
    status: emptyStatus,
    ...part,
  };
}

/** A training lease for device 3 whose id ends in `name`. */
export function leaseOf(name: string, global: BlobRef, part: Partial<TaskLease> = {}): TaskLease {
  return {
    taskId: name.padStart(32, "0"),
    deviceId: 3,
    stage: "train",
    round: 1,
    step: 1,
    attempt: 1,
    spec: { kind: "train", warmupSteps: 0, epochs: 1, isPersonalised: true },
    parameterSets: { global },
    expects: { shapes: { "prefix/0": [2, 1, 3] }, encoding: "f16", batchSize: 8, numExamples: 13 },
    deadlineMs: null,
    ...part,
  };
}

/** Starts a scripted coordinator on a free port; what lies beside the `path` of its sockets moves with it. */
export async function startScriptedCoordinator(serverOptions: Partial<ServerOptions> = {}): Promise<ScriptedCoordinator> {
  const script: Script = {
    hello: () => welcomeWith(),
    register: () => ({}),
    submit: () => ({ outcome: "accepted" }),
    withdraw: () => ({ numDevices: 1, numStates: 1, numControls: 0, numContributions: 2, numSummed: 5 }),
    receipt: () => refuse("P-10", "no script for a receipt"),
    runInfo: () => ({ runId: scriptedRunId }),
  };
  const blobs = new Map<string, Uint8Array>();
  const folder = (serverOptions.path ?? "/socket.io/").replace(/socket\.io\/$/, "");
  const heard = createHeard();
  let http: HttpServer;
  let io: Server;
  let port = 0;
  let client: Socket | null = null;
  const handlers = scriptedHandlers(script, heard.note);

  async function start(): Promise<void> {
    http = createServer((request, response) => {
      const path = request.url?.startsWith(folder) ? request.url.slice(folder.length) : "";
      const bytes = blobs.get(/^blobs\/([^/]+)$/.exec(path)?.[1] ?? "");
      if (path === "run.json") response.end(JSON.stringify(script.runInfo()));
      else if (bytes === undefined) response.writeHead(404).end();
      else response.end(bytes);
    });
    io = new Server(http, serverOptions);
    io.on("connection", (socket) => {
      client = socket;
      serve(socket, handlers, {
        onFault: (_, error) => {
          throw error;
        },
      });
    });
    await new Promise<void>((resolve) => http.listen(port, "127.0.0.1", resolve));
    port = (http.address() as AddressInfo).port;
  }

  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    script,
    blobs,
    heard: heard.next,
    numHeard: heard.count,
    blob(params) {
      const bytes = encodeParams(params, "f32");
      const sha256 = sha256HexSync(bytes);
      blobs.set(sha256, bytes);
      return { sha256, numBytes: bytes.length };
    },
    async tell(name, request) {
      if (client === null) throw new Error("no client is connected");
      const outcome = await call(client, name, request);
      if (!outcome.ok) throw new Error(`${name}: ${outcome.rule} ${outcome.message}`);
    },
    disconnectClient: () => client?.conn.close(),
    async stop() {
      await io.close();
    },
    start,
  };
}

/** The calls that have come; `next` waits for one that no test has looked at yet. */
function createHeard() {
  const log: Heard[] = [];
  const unread: Heard[] = [];
  const listeners: (() => void)[] = [];
  return {
    note(heard: Heard): void {
      log.push(heard);
      unread.push(heard);
      for (const listener of listeners.splice(0)) listener();
    },
    async next<N extends CallName>(name: N): Promise<Received<N>> {
      for (;;) {
        const at = unread.findIndex((heard) => heard.name === name);
        const [found] = at < 0 ? [] : unread.splice(at, 1);
        if (found !== undefined) return found.request as Received<N>;
        await new Promise<void>((resolve) => listeners.push(resolve));
      }
    },
    count: (name: CallName) => log.filter((heard) => heard.name === name).length,
  };
}

function scriptedHandlers(script: Script, note: (heard: Heard) => void): Handlers {
  function noted<T>(heard: Heard, answer: () => T): T {
    note(heard);
    return answer();
  }
  return {
    hello: (request) => noted({ name: "hello", request }, () => script.hello(request)),
    loading: (request) => noted({ name: "loading", request }, () => ({})),
    register: (request) => noted({ name: "register", request }, () => script.register(request)),
    submit: (request) => noted({ name: "submit", request }, () => script.submit(request)),
    progress: (request) => noted({ name: "progress", request }, () => ({})),
    pause: (request) => noted({ name: "pause", request }, () => ({})),
    leave: (request) => noted({ name: "leave", request }, () => ({})),
    declineState: (request) => noted({ name: "declineState", request }, () => ({})),
    withdraw: (request) => noted({ name: "withdraw", request }, () => script.withdraw()),
    receipt: (request) => noted({ name: "receipt", request }, () => script.receipt()),
    decline: (request) => noted({ name: "decline", request }, () => ({})),
  };
}
