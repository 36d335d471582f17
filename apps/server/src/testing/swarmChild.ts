import type { Params } from "@tutti/core";
import { call, decodeParams, encodeParams, protocolVersion, type Submit, serve, type TaskLease } from "@tutti/protocol";
import { io } from "socket.io-client";
import { simulate, simulatedExamples } from "./simulatedDevice.ts";
import type { SwarmConfig, SwarmReport } from "./stepLatency.ts";

// The process of many small clients: all submit at once, then the first task of the next step is waited for.
const { url, numDevices } = JSON.parse(process.argv[2] ?? "{}") as SwarmConfig;
const latenciesMs: number[] = [];
let sentAt: number | null = null;
let leases: { lease: TaskLease; submit: (submission: Submit) => Promise<void> }[] = [];
let run: Parameters<typeof simulate>[0] | null = null;

async function submitAll(): Promise<void> {
  const [first] = leases;
  if (first === undefined || run === null) return;
  const settings = run;
  const round = leases;
  leases = [];
  const response = await fetch(new URL(`/blobs/${first.lease.params.sha256}`, url));
  const params: Params = decodeParams(new Uint8Array(await response.arrayBuffer()));
  const prepared = round.map(({ lease, submit }) => {
    const { body } = simulate(settings, lease, params, null);
    const { kind } = body;
    if (kind === "train") {
      const { delta, ...header } = body;
      return {
        submit,
        submission: { taskId: lease.taskId, deviceId: lease.deviceId, header, tensors: encodeParams(delta, lease.contributionEncoding) },
      };
    }
    return { submit, submission: { taskId: lease.taskId, deviceId: lease.deviceId, header: body } };
  });
  await Promise.all(prepared.map(({ submit, submission }) => submit(submission)));
}

function join(index: number): Promise<void> {
  const socket = io(url, { forceNew: true, transports: ["websocket"] });
  serve(
    socket,
    {
      task(lease) {
        if (sentAt !== null) {
          latenciesMs.push(performance.now() - sentAt);
          sentAt = null;
        }
        leases.push({
          lease,
          // Resolves when the bytes have left this process.
          submit: (submission) =>
            new Promise((resolve) => {
              void call(socket, "submit", submission);
              socket.io.engine.once("drain", () => {
                sentAt = performance.now();
                resolve();
              });
            }),
        });
        if (leases.length === numDevices) void submitAll();
        return {};
      },
      status: () => ({}),
      goodbye() {
        if (index === 0) finish();
        return {};
      },
    },
    {
      onFault: (_name, error) => {
        throw error;
      },
    },
  );
  return new Promise((resolve) => {
    socket.on("connect", async () => {
      const outcome = await call(socket, "hello", {
        protocolVersion,
        clientKey: `swarm-client-${String(index).padStart(4, "0")}`,
        hosting: "virtual",
        devices: [],
        capabilities: { backend: "cpu", threads: 1, isSecureContext: true, userAgent: "swarm" },
      });
      if (!outcome.ok) throw new Error(outcome.message);
      run = outcome.value.run;
      const devices = outcome.value.devices.map(({ deviceId }) => ({ deviceId, numExamples: simulatedExamples(deviceId) }));
      await call(socket, "register", { devices });
      resolve();
    });
  });
}

function finish(): void {
  const report: SwarmReport = { latenciesMs };
  process.send?.(report, () => process.exit(0));
}

for (let index = 0; index < numDevices; index++) await join(index);
