import { type DeviceId, deferred, type Params, type RoundEvent, type RunSettings, type Strategy, type StrategySummary } from "@tutti/core";
import { type DeviceStateParts, decodeDeviceState, type HistoryPoint, parametersSha256, type Status } from "@tutti/protocol";
import type { Logger } from "pino";
import type { CoordinatorConfig } from "./config.ts";
import type { BlobStore } from "./http/blobs.ts";
import { labelOfStep, type TrafficTotals, type WireMeter } from "./http/wireMeter.ts";
import type { Journal } from "./journal/journal.ts";
import type { Change } from "./news.ts";
import type { Clock } from "./pool/clock.ts";
import { createPool, type Pool } from "./pool/pool.ts";
import { createPublications } from "./publications.ts";
import { runLoop, startProgress } from "./runLoop.ts";
import { type ClientPoint, describeClients, describeRun } from "./status.ts";
import { historyPoint, type StepRecord } from "./stepRecord.ts";
import type { TunedParameters } from "./tuned.ts";

/** What a run came to. */
export interface RunOutcome {
  readonly runId: string;
  readonly run: RunSettings;
  readonly summary: StrategySummary;
  readonly steps: readonly StepRecord[];
  /** W. */
  readonly globalParams: Params;
  /** Every trained parameter as a newcomer gets it. */
  readonly newcomerParams: Params;
  /** Of `newcomerParams`. */
  readonly parametersSha256: string;
  /** Private states of the devices, where the run keeps them. */
  readonly deviceStates: ReadonlyMap<DeviceId, DeviceStateParts>;
  readonly traffic: TrafficTotals;
}

/** What a subscriber is told: every event of the round loop once it is journalled, each step's record, and the status as it changes. */
export type CoordinatorEvent =
  | RoundEvent
  | { readonly kind: "step"; readonly record: StepRecord }
  | { readonly kind: "status"; readonly status: Status }
  /** A contribution is journalled; its answer leaves after this. */
  | { readonly kind: "accepted"; readonly taskId: string; readonly deviceId: DeviceId }
  | { readonly kind: "failed"; readonly error: unknown };

/** What a run needs of its coordinator. */
export interface LiveRunPorts {
  readonly config: CoordinatorConfig;
  readonly runId: string;
  readonly tuned: TunedParameters;
  readonly strategy: Strategy;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly blobs: BlobStore;
  readonly meter: WireMeter;
  readonly logger: Logger;
  tell(event: CoordinatorEvent): void;
  /** Something that a page shows has changed. */
  onChange(change: Change): void;
  /** A step has closed in this process. */
  onStepClosed(record: StepRecord): void;
}

/** The run that a coordinator holds: its pool, its rounds and what can be said of it. */
export interface LiveRun {
  readonly pool: Pool;
  status(): Status;
  /** The same with bytes as they were at most a moment ago: a look at every connection for each one that comes would cost more with each. */
  statusOnArrival(): Status;
  clients(): readonly ClientPoint[];
  steps(): readonly StepRecord[];
  /** The operator's word that an open roster may begin. */
  begin(): void;
  /** Runs the rounds; resolves when they are over or `signal` is aborted. */
  work(signal: AbortSignal): Promise<void>;
  fail(error: unknown): void;
  readonly isDone: boolean;
  outcome(): RunOutcome;
}

/** How old the bytes of a status on arrival may be. */
const momentMs = 250;

/** A run that goes on from what is journalled. */
export function createLiveRun(ports: LiveRunPorts): LiveRun {
  const { config, runId, tuned, clock, journal, blobs, meter, logger, tell } = ports;
  const { run } = config;
  const records: StepRecord[] = [];
  const points: HistoryPoint[] = [];
  const schedule = ports.strategy.schedule(run);
  const progress = startProgress(ports.strategy, run, tuned, journal.contents());
  const beginning = deferred<void>();
  const fault = deferred<never>();
  fault.promise.catch(() => undefined);
  const said: Said = { phase: "waiting", message: null };

  const publications = createPublications({ run, journal, blobs });
  const pool = createPool({
    config,
    runId,
    tuned,
    clock,
    journal,
    blobs,
    pastSteps: () => records,
    published: publications.of,
    onOpened({ plan, payloads }) {
      meter.setStep(
        labelOfStep(plan),
        payloads.map(({ sha256 }) => sha256),
      );
      ports.onChange("detail");
    },
    onChange: () => ports.onChange("detail"),
    onReset(deviceId) {
      said.message = `device ${deviceId} lost its private state and starts again`;
      logger.warn({ deviceId }, "a device was reset");
    },
    onLate({ clientKey }, deviceIds) {
      logger.warn({ client: clientKey.slice(0, 6), deviceIds }, "devices did not register in time; other clients may host them");
    },
    onAccepted: (taskId, deviceId) => tell({ kind: "accepted", taskId, deviceId }),
    onFault: fault.reject,
    onHandedOut: (clientKey, sha256s) => meter.handOut(clientKey, sha256s),
    onStateBytes: (numBytes) => meter.move("states", { up: numBytes, down: 0 }),
  });

  async function whenReady(signal: AbortSignal): Promise<void> {
    if (run.roster === "fixed") return;
    let hasBegun = false;
    void beginning.promise.then(() => {
      hasBegun = true;
    });
    while (!hasBegun && !signal.aborted && pool.members.hosting.numRegistered < run.minDevices) {
      said.message = `${pool.members.hosting.numRegistered} of ${run.minDevices} devices have registered; the operator can start the run earlier`;
      ports.onChange("waiting");
      await Promise.race([pool.whenRosterChanges(), beginning.promise]);
    }
  }

  function onEvent(event: RoundEvent): void {
    const isRepetition = event.kind === "waiting" && said.phase === "waiting" && said.message === event.reason;
    if (isRepetition) return;
    say(said, event);
    if (event.kind === "waiting" || event.kind === "done") meter.setStep("waiting", null);
    const isMilestone = event.kind !== "closing" && event.kind !== "closed";
    if (isMilestone) logger.info({ event: summarise(event) }, event.kind);
    tell(event);
    const record = records.at(-1);
    if (event.kind === "closed" && record !== undefined) {
      logger.info({ record }, "a step closed");
      ports.onStepClosed(record);
      tell({ kind: "step", record });
    }
    ports.onChange(event.kind === "waiting" ? "waiting" : isMilestone ? "step" : "detail");
  }

  function statusWith(traffic: TrafficTotals): Status {
    const summary = progress.strategy.summary(progress.state);
    const sources = { runId, ...said, summary, schedule, step: pool.step(), members: pool.members, records, points, tuned };
    return describeRun({ ...sources, traffic, now: clock.now() });
  }

  let lately = { traffic: meter.totals(), at: Number.NEGATIVE_INFINITY };
  function totalsLately(): TrafficTotals {
    if (clock.now() - lately.at >= momentMs) lately = { traffic: meter.totals(), at: clock.now() };
    return lately.traffic;
  }

  return {
    pool,
    status: () => statusWith(meter.totals()),
    statusOnArrival: () => statusWith(totalsLately()),
    clients: () => describeClients(pool.members),
    steps: () => records,
    begin: beginning.resolve,
    async work(signal) {
      const loopPorts = {
        ...{ run, tuned, pool, journal, publications, clock, onEvent },
        whenReady: () => whenReady(signal),
        bytesSoFar: () => meter.ofSteps(),
        onRecord(record: StepRecord) {
          records.push(record);
          points.push(historyPoint(record));
        },
      };
      signal.addEventListener("abort", () => beginning.resolve(), { once: true });
      await Promise.race([runLoop(progress, loopPorts, signal), fault.promise]);
    },
    fail(error) {
      said.phase = "failed";
      said.message = error instanceof Error ? error.message : String(error);
      logger.fatal({ error }, "the run failed");
      tell({ kind: "failed", error });
      ports.onChange("step");
    },
    get isDone() {
      return said.phase === "done";
    },
    outcome() {
      const { strategy, state } = progress;
      const newcomerParams = strategy.newcomerParams(state);
      return {
        runId,
        run,
        summary: strategy.summary(state),
        steps: [...records],
        globalParams: strategy.globalParams(state),
        newcomerParams,
        parametersSha256: parametersSha256(newcomerParams),
        deviceStates: keptStates(pool, blobs),
        traffic: meter.totals(),
      };
    },
  };
}

/** What the status says beside the numbers. */
interface Said {
  phase: Status["phase"];
  message: string | null;
}

function say(said: Said, event: RoundEvent): void {
  if (event.kind === "planned") said.message = null;
  if (event.kind === "waiting") said.message = event.reason;
  if (event.kind === "repeated") said.message = `repeated: ${event.reason}`;
  said.phase = event.kind === "waiting" ? "waiting" : event.kind === "done" ? "done" : "running";
}

/** What the log says of an event: names and numbers, no tensors. */
function summarise(event: RoundEvent): object {
  if (!("plan" in event)) return "reason" in event ? { reason: event.reason } : {};
  const { stage, round, step, attempt, tasks } = event.plan;
  const devices = tasks.map((task) => task.deviceId);
  return { stage, round, step, attempt, kind: tasks[0]?.spec.kind, devices, ...("reason" in event ? { reason: event.reason } : {}) };
}

function keptStates({ members }: Pool, blobs: BlobStore): Map<DeviceId, DeviceStateParts> {
  const states = new Map<DeviceId, DeviceStateParts>();
  for (const { deviceId, stateSha256 } of members.hosting.devices()) {
    const bytes = stateSha256 === null ? null : blobs.get(stateSha256);
    if (bytes !== null) states.set(deviceId, decodeDeviceState(bytes));
  }
  return states;
}
