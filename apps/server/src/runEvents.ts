import type { Pace, RoundEvent, RoundPlan, Saying } from "@tutti/core";
import type { HistoryPoint, Status } from "@tutti/protocol";
import type { StepRecord } from "@tutti/record";
import type { Logger } from "pino";
import type { WireMeter } from "./http/wireMeter.ts";
import type { Change } from "./news.ts";

/** What the status says beside the numbers. */
export interface Said {
  readonly phase: Status["phase"];
  readonly message: string | null;
  /** The same as kinds with figures; null where there are none. */
  readonly said: readonly Saying[] | null;
}

/** What a run remembers for its status. */
export interface RunNotes {
  /** Whether an open roster waits for devices to begin with. */
  isGathering: boolean;
  said: Said;
  /** Of devices that started again in this process; null for none. */
  resets: Status["resets"] | null;
  /** Why nothing can be accepted at present, such as a full disk; it is said before anything else. */
  blocked: string | null;
  /** What the run remembers of its past steps; null where it remembers nothing. */
  pace: Pace | null;
  /** Of every closed step, those of earlier processes included. */
  readonly records: StepRecord[];
  /** The records as points of the pages' curves. */
  readonly points: HistoryPoint[];
}

/** Who hears of a run's events. */
export interface EventPorts {
  readonly meter: WireMeter;
  readonly logger: Logger;
  tell(event: RoundEvent | { readonly kind: "step"; readonly record: StepRecord }): void;
  onChange(change: Change): void;
  onStepClosed(record: StepRecord): void;
}

/** Takes note of an event of the round loop that is journalled, and tells of it; the record of a closed step is among the notes by then. */
export function announce(event: RoundEvent, notes: RunNotes, ports: EventPorts): void {
  const { meter, logger } = ports;
  const isRepetition = event.kind === "waiting" && notes.said.phase === "waiting" && notes.said.message === event.reason;
  if (isRepetition) return;
  notes.said = saidAfter(event, notes.said);
  if ("pace" in event && event.pace !== undefined) notes.pace = event.pace;
  if (event.kind === "waiting" || event.kind === "done") meter.setStep("waiting", null);
  const isMilestone = event.kind !== "closing" && event.kind !== "closed";
  if (isMilestone) logger.info({ event: summarise(event) }, event.kind);
  ports.tell(event);
  const record = notes.records.at(-1);
  if (event.kind === "closed" && record !== undefined) {
    logger.info({ record }, "a step closed");
    ports.onStepClosed(record);
    ports.tell({ kind: "step", record });
  }
  ports.onChange(event.kind === "waiting" ? "waiting" : isMilestone ? "step" : "detail");
}

function saidAfter(event: RoundEvent, { message, said }: Said): Said {
  switch (event.kind) {
    case "planned":
      return { phase: "running", message: null, said: null };
    case "waiting":
      return { phase: "waiting", message: event.reason, said: event.said ?? null };
    case "repeated":
      return isForReport(event.plan)
        ? { phase: "running", message: `the report has no answers: ${event.reason}`, said: [{ kind: "unanswered", ...event.missed }] }
        : { phase: "running", message: `repeated: ${event.reason}`, said: [{ kind: "repeated", ...event.missed }] };
    case "closing":
    case "closed":
      return { phase: "running", message, said };
    case "done":
      return { phase: "done", message, said };
  }
}

/** The step that the run ends without where nobody takes it. */
const isForReport = ({ tasks }: RoundPlan) => tasks[0]?.spec.kind === "answers";

/** What the log says of an event: names and numbers, no tensors. */
function summarise(event: RoundEvent): object {
  if (!("plan" in event)) return "reason" in event ? { reason: event.reason } : {};
  const { stage, round, step, attempt, tasks, leftOut } = event.plan;
  const devices = tasks.map((task) => task.deviceId);
  return {
    stage,
    round,
    step,
    attempt,
    kind: tasks[0]?.spec.kind,
    devices,
    ...(leftOut === undefined ? {} : { leftOut }),
    ...("reason" in event ? { reason: event.reason } : {}),
  };
}
