import { joinRun } from "@tutti/client";
import { folderStore } from "@tutti/client/node";
import { createTrainer, noCache, type Trainer } from "@tutti/model";
import type { DeviceProcessConfig, DeviceProcessMessage } from "./deviceProcess.ts";

const { url, clientKey, folder, holdAfterPending } = JSON.parse(process.env.TUTTI_DEVICES ?? "{}") as DeviceProcessConfig;
const tell = (message: DeviceProcessMessage) => process.send?.(message);

const store = folderStore(folder);
let numPending = 0;
/** Tells of each pending submission once it is on disk; after the one that is to be held, never goes on. */
const watched: typeof store = {
  ...store,
  async put(runId, record) {
    await store.put(runId, record);
    if (record.pending === null) return;
    numPending += 1;
    if (numPending !== holdAfterPending) return;
    tell({ kind: "holding", taskId: record.pending.submit.taskId });
    await new Promise(() => undefined);
  },
};

const real = createTrainer({ cache: noCache() });
const trainer: Trainer = {
  ...real,
  compute(task, ...rest) {
    const { stage, round, attempt, deviceId, spec } = task;
    tell({ kind: "performed", work: `${stage} ${round}.${attempt} ${spec.kind} of device ${deviceId}` });
    return real.compute(task, ...rest);
  },
};

const session = joinRun({
  url,
  clientKey,
  trainer,
  store: watched,
  backend: "cpu",
  threads: 1,
  socketOptions: { reconnectionDelay: 20, reconnectionDelayMax: 100 },
  onEvent(event) {
    if (event.kind === "ready") tell({ kind: "ready" });
    if (event.kind === "decision") tell({ kind: "decision", deviceId: event.deviceId, decision: event.decision });
    if (event.kind === "taskStarted") tell({ kind: "started", taskId: event.task.taskId });
    if (event.kind === "taskEnded") tell({ kind: "ended", taskId: event.task.taskId, outcome: event.outcome });
    if (event.kind === "problem") tell({ kind: "problem", message: event.message });
    if (event.kind === "ended") tell({ kind: "over", reason: event.end.reason });
  },
});
await session.whenEnded;
process.disconnect?.();
