import type { SessionEvent } from "@tutti/client";
import { expect, test } from "vitest";
import { emptyStatus, readyEvent, taskOf, welcomeEvent } from "../testing/events.ts";
import { downloadPace, emptyView, nextView, type PageState, pageStateOf, type View } from "./view.ts";

const joined: View = { ...emptyView, hasJoined: true };

function after(events: readonly SessionEvent[], start: View = joined): View {
  return events.reduce((view, event, i) => nextView(view, event, 1000 * i), start);
}

function statesOf(events: readonly SessionEvent[]): readonly PageState[] {
  return events.map((_, i) => pageStateOf(after(events.slice(0, i + 1))));
}

test("a visitor's page goes from the landing over loading and waiting to training, and back to waiting", () => {
  expect(pageStateOf(emptyView)).toBe("landing");
  const task = taskOf(3);
  const events: SessionEvent[] = [
    { kind: "connection", state: "connecting" },
    { kind: "connection", state: "online" },
    welcomeEvent,
    { kind: "loading", progress: { phase: "backbone", doneBytes: 10, totalBytes: 100 } },
    readyEvent,
    { kind: "taskStarted", task },
    { kind: "taskEnded", task, outcome: "accepted", numBytes: 900 },
  ];
  expect(statesOf(events)).toEqual(["connecting", "connecting", "loading", "loading", "waiting", "training", "waiting"]);
  expect(after(events).numTasksDone).toBe(1);
});

test("a pause shows as pausing until the task at hand is done", () => {
  const task = taskOf(3);
  const events: SessionEvent[] = [
    welcomeEvent,
    readyEvent,
    { kind: "taskStarted", task },
    { kind: "paused", isPaused: true },
    { kind: "taskEnded", task, outcome: "accepted", numBytes: 900 },
    { kind: "paused", isPaused: false },
  ];
  expect(statesOf(events).slice(3)).toEqual(["pausing", "paused", "waiting"]);
});

test("a lost connection shows as retrying and keeps the task at hand", () => {
  const view = after([welcomeEvent, readyEvent, { kind: "taskStarted", task: taskOf(3) }, { kind: "connection", state: "retrying" }]);
  expect(pageStateOf(view)).toBe("retrying");
  expect(view.task).not.toBeNull();
  expect(pageStateOf(nextView(view, { kind: "connection", state: "online" }, 9000))).toBe("training");
});

test("each end has its state", () => {
  const endings: readonly (readonly [SessionEvent, PageState])[] = [
    [{ kind: "ended", end: { reason: "finished" } }, "finished"],
    [{ kind: "ended", end: { reason: "replaced" } }, "replaced"],
    [{ kind: "ended", end: { reason: "left" } }, "left"],
    [{ kind: "ended", end: { reason: "reload", message: "" } }, "reload"],
    [{ kind: "ended", end: { reason: "removed" } }, "failed"],
    [{ kind: "ended", end: { reason: "failed", message: "no memory" } }, "failed"],
  ];
  for (const [event, state] of endings) expect(pageStateOf(after([welcomeEvent, readyEvent, event]))).toBe(state);
});

test("a run that is done shows as finished while the tab is still connected", () => {
  expect(pageStateOf(after([welcomeEvent, readyEvent, { kind: "status", status: { ...emptyStatus, phase: "done" } }]))).toBe("finished");
});

test("losses are kept by round, all devices of the tab together, without values that are no numbers", () => {
  const step = (deviceId: number, round: number, loss: number): SessionEvent => ({
    kind: "step",
    task: { ...taskOf(deviceId), round },
    progress: { step: 1, numSteps: 3, loss },
  });
  const view = after([step(3, 1, 4), step(4, 1, 2), step(3, 1, Number.NaN), step(3, 2, 1.5)]);
  expect(view.losses).toEqual([
    { stage: "train", round: 1, sum: 6, count: 2 },
    { stage: "train", round: 2, sum: 1.5, count: 1 },
  ]);
  const probed = nextView(view, { kind: "step", task: { ...taskOf(3), kind: "probe" }, progress: { step: 1, numSteps: 3, loss: 0 } }, 0);
  expect(probed.losses).toBe(view.losses);
});

test("the pace of a download counts from the start of its phase", () => {
  const loading = (phase: "backend" | "backbone", doneBytes: number): SessionEvent => ({
    kind: "loading",
    progress: { phase, doneBytes, totalBytes: 3000 },
  });
  let view = nextView(joined, loading("backend", 0), 5_000);
  view = nextView(view, loading("backbone", 0), 10_000);
  expect(downloadPace(view)).toBeNull();
  view = nextView(view, loading("backbone", 1000), 12_000);
  expect(downloadPace(view)).toEqual({ bytesPerSecond: 500, secondsLeft: 4 });
});

test("a status with the latest points of the history goes on from those that are known", () => {
  const points = [1, 2, 3, 4, 5].map((round) => ({ stage: "train", round, trainLoss: 1 / round, evaluations: [] }) as const);
  const status = (historyStart: number, history: readonly (typeof points)[number][]): SessionEvent => ({
    kind: "status",
    status: { ...emptyStatus, historyStart, history },
  });
  const roundsAfter = (...events: SessionEvent[]) =>
    events.reduce<View>((view, event) => nextView(view, event, 0), emptyView).status?.history.map(({ round }) => round);
  expect(roundsAfter(status(0, points.slice(0, 3)), status(2, points.slice(2, 4)), status(3, points.slice(3)))).toEqual([1, 2, 3, 4, 5]);
  expect(roundsAfter(status(1, points.slice(1, 3)), status(2, points.slice(2, 4)))).toEqual([2, 3, 4]);
  expect(
    roundsAfter(status(0, points), { ...status(2, []), status: { ...emptyStatus, runId: "another", history: [] } } as SessionEvent),
  ).toEqual([]);
});

test("plans stay on the page until a status has others, and belong to their run", () => {
  const machine = { flopsPerSecond: 2e9, memoryBytes: 3e8, bytesPerSecond: 1e6 };
  const plan = {
    deviceId: 0,
    round: 2,
    bits: 8,
    batchSize: 8,
    ranks: [4, 0],
    numValues: 9,
    seconds: 2,
    memoryBytes: 1e8,
    underUse: 0.5,
    machine,
  };
  const leftOut = [{ deviceId: 1, reason: "too slow" }];
  const at = (more: object) => ({ kind: "status", status: { ...emptyStatus, ...more } }) as const;
  expect(after([at({ plans: [plan], leftOut }), at({})]).status).toMatchObject({ plans: [plan], leftOut });
  const next = { ...plan, round: 3, bits: 4 };
  expect(after([at({ plans: [plan], leftOut }), at({ plans: [next], leftOut: [] })]).status).toMatchObject({ plans: [next], leftOut: [] });
  expect(after([at({ plans: [plan] }), at({ runId: "run-2" })]).status?.plans).toBeUndefined();
  expect(after([at({}), at({})]).status).not.toHaveProperty("plans");
});
