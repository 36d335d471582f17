import type { SessionEvent } from "@tutti/client";
import type { HistoryPoint, Receipt } from "@tutti/protocol";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { expect, test } from "vitest";
import { idleController } from "../testing/controller.ts";
import { emptyStatus, readyEvent, taskOf, welcomeEvent } from "../testing/events.ts";
import { RunView } from "./runView.tsx";
import type { Offers } from "./surroundings.ts";
import { emptyView, type Incident, maxListed, nextView, type PageEvent, type View } from "./view.ts";

function shown(events: readonly PageEvent[], offers?: Offers): string {
  const view = events.reduce<View>((before, event) => nextView(before, event, 0), { ...emptyView, hasJoined: true });
  return renderToString(h(RunView, { view, controller: idleController(view, offers), onJoinAgain: () => undefined }));
}

const point = (round: number, trainLoss: number, evaluations: HistoryPoint["evaluations"] = []): HistoryPoint => ({
  stage: "train",
  round,
  trainLoss,
  evaluations,
});

test("while it trains the page shows step, device, round, layers that travel and bytes", () => {
  const html = shown([
    welcomeEvent,
    readyEvent,
    { kind: "taskStarted", task: taskOf(3) },
    { kind: "step", task: taskOf(3), progress: { step: 4, numSteps: 30, loss: 1.25 } },
    {
      kind: "traffic",
      traffic: {
        sentBytes: 12_345,
        receivedBytes: 678,
        layerBytes: 10_000,
        allLayersBytes: 40_000,
        allLayersF32Bytes: 80_000,
        stateBytes: 0,
      },
    },
    {
      kind: "status",
      status: {
        ...emptyStatus,
        stage: "train",
        round: 2,
        numRounds: 12,
        layerScores: [9, 12, null],
        selectedLayers: [1],
        history: [point(1, 1.4)],
      },
    },
  ]);
  expect(html).toContain("step 4 of 30");
  expect(html).toContain("step 4 of 30 · device 3");
  expect(html).toContain("round 2 of 12 · 2 tabs, 4 devices");
  expect(html).toContain("layer 2: not scored. Layers that travel: 1.");
  expect(html).toContain("12.3 kB");
  expect(html).toContain("are 25 % of all layers in the same encoding, and 13 % of all layers in four bytes for each number.");
  expect(html).toContain("WASM with 2 threads takes 9 ms");
});

test("a run whose first stage is known is not said to have begun while its devices are awaited", () => {
  const status = { ...emptyStatus, phase: "waiting", stage: "score", numRounds: 1 } as const;
  const before = shown([welcomeEvent, readyEvent, { kind: "status", status }]);
  expect(before).toContain("The run has not begun yet.");
  expect(before).not.toContain("round 1 of 1");
  const later = shown([welcomeEvent, readyEvent, { kind: "status", status: { ...status, round: 1 } }]);
  expect(later).toContain("round 1 of 1");
});

test("layers are not said to stay on the device before any is chosen", () => {
  const before = shown([
    welcomeEvent,
    readyEvent,
    { kind: "status", status: { ...emptyStatus, stage: "count", layerScores: [9, 12, null] } },
  ]);
  expect(before).toContain("The run has not chosen layers yet. Until then, it shares all of them.");
  expect(before).not.toContain("stay on their device");
  const after = shown([welcomeEvent, readyEvent, { kind: "status", status: { ...emptyStatus, stage: "train", selectedLayers: [1] } }]);
  expect(after).toContain("stay on their device");
  expect(after).not.toContain("has not chosen layers yet");
});

test("a tab that computes with plain kernels says why", () => {
  if (readyEvent.kind !== "ready") throw new Error("an event of another kind");
  const notice = "This computer's fast kernels gave other numbers (relative error 3e-2), so the plain ones are used.";
  const html = shown([welcomeEvent, { ...readyEvent, ready: { ...readyEvent.ready, reason: `webgpu. ${notice}`, kernels: "plain" } }]);
  expect(html).toContain('data-kernels="plain"');
  expect(html).toContain("gave other numbers (relative error 3e-2)");
});

test("buttons fit the state: pause and leave while it works, resume while it rests, and one way on from every end", () => {
  expect(shown([welcomeEvent, readyEvent])).toMatch(/data-testid="pause".*data-testid="leave"/s);
  expect(shown([welcomeEvent, readyEvent, { kind: "paused", isPaused: true }])).toContain('data-testid="resume"');
  expect(shown([welcomeEvent, { kind: "ended", end: { reason: "replaced" } }])).toContain("Use this tab instead");
  expect(shown([welcomeEvent, { kind: "ended", end: { reason: "left" } }])).toContain("Join again");
  expect(shown([{ kind: "ended", end: { reason: "reload", message: "" } }])).toContain('data-testid="reload"');
  expect(shown([{ kind: "ended", end: { reason: "failed", message: "no memory is left" } }])).toContain("no memory is left");
});

test("a finished run shows what a newcomer gets, from the last evaluation on the test split", () => {
  const evaluation = (accuracy: number, split: "test" | "validation", protocol: "newcomer" | "zeroShot", numExamples = 1288) => ({
    protocol,
    numExamples,
    split,
    accuracy,
    macroF1: 0,
    loss: 1,
  });
  const history = [
    point(1, 1.4, [evaluation(0.256, "test", "zeroShot", 277), evaluation(0.4, "test", "newcomer")]),
    point(2, 1.2, [evaluation(0.9, "validation", "newcomer"), evaluation(0.618, "test", "newcomer")]),
  ];
  const html = shown([
    welcomeEvent,
    readyEvent,
    { kind: "status", status: { ...emptyStatus, phase: "done", stage: "train", round: 2, numRounds: 2, history } },
  ]);
  expect(html).toContain("61.8 %");
  expect(html).toContain("25.6 %");
  expect(html).not.toContain("90.0 %");
  expect(html).toContain("of 1,288 texts that nobody trained on");
  expect(html).toContain("before any training (of 277 texts)");
});

test("each device's plan is a row of a card, beside what its client claims, and a device without one is told with the reason", () => {
  const machine = { flopsPerSecond: 2.5e9, memoryBytes: 3e8, bytesPerSecond: 150_000 };
  const planned = {
    deviceId: 7,
    round: 2,
    bits: 4,
    batchSize: 16,
    ranks: [4, 0, 4, 2],
    numValues: 9,
    seconds: 42,
    memoryBytes: 1.2e8,
    underUse: 0.3,
    machine,
  };
  const leftOut = [
    { deviceId: 1, reason: "the smallest plan takes 9 s a round" },
    { deviceId: 4, reason: "in English", lack: { of: "memory", needed: 2e8, available: 1e8 } },
  ] as const;
  const status = { ...emptyStatus, stage: "train", round: 2, numRounds: 3, plans: [planned], leftOut } as const;
  const html = shown([welcomeEvent, readyEvent, { kind: "status", status }]);
  const cells = [...html.matchAll(/<td data-head="([^"]+)">([^<]*)<\/td>/g)].map(([, head, cell]) => [head, cell]);
  expect(cells).toEqual([
    ["Device", "7"],
    ["Rate", "2.5 Gflop/s"],
    ["Memory", "120 MB of 300 MB"],
    ["Link", "150 kB/s"],
    ["Bits", "4"],
    ["Batch", "16"],
    ["Ranks × matrices", "4 × 2, 2 × 1"],
    ["Time", "42 s"],
    ["Unused", "30.0 %"],
  ]);
  expect(html).toContain("Device 1 is left out: the smallest plan takes 9 s a round.");
  expect(html).toContain("Device 4 is left out: the smallest plan needs 200 MB of memory, and there are 100 MB.");
  expect(shown([welcomeEvent, readyEvent, { kind: "status", status: emptyStatus }])).not.toContain('data-testid="plans"');
});

test("devices that started again are counted, and the last one is told (P-125)", () => {
  const resets = { count: 2, last: "device 3 moved without its private state and starts again" };
  const html = shown([welcomeEvent, readyEvent, { kind: "status", status: { ...emptyStatus, resets } }]);
  expect(html).toMatch(/2 devices started again from the shared prompts\. The last: <span lang="en">Device 3 moved/);
  const said = { kind: "reset", deviceId: 3, why: "untrusted" } as const;
  const worded = shown([welcomeEvent, readyEvent, { kind: "status", status: { ...emptyStatus, resets: { ...resets, said } } }]);
  expect(worded).toContain("The last: <span>Device 3 moved without its private state and starts again.</span>");
  expect(shown([welcomeEvent, readyEvent, { kind: "status", status: emptyStatus }])).not.toContain("started again");
});

test("leaving for good is a button, and the page then says what was deleted and what cannot be taken out (P-127)", () => {
  expect(shown([welcomeEvent, readyEvent])).toContain("Leave and delete my data");
  const deleted = { numDevices: 2, numStates: 2, numControls: 1, numContributions: 3, numSummed: 8 };
  const html = shown([welcomeEvent, readyEvent, { kind: "ended", end: { reason: "left", deleted } }]);
  expect(html).toContain("The server has deleted 2 private states, 1 control variate and 3 contributions not yet summed");
  expect(html).toContain("8 contributions of its devices were summed before: they are part of the model, and cannot be taken out.");
  const nothing = shown([welcomeEvent, { kind: "ended", end: { reason: "left", deleted: { ...deleted, numSummed: 0 } } }]);
  expect(nothing).toContain("Nothing of this tab is in the model.");
});

test("the whole run has a bar with a part for each stage, and time left once it is known", () => {
  const progress = {
    stages: [
      { stage: "score", share: 0.02, done: 1 },
      { stage: "count", share: 0.18, done: 1 },
      { stage: "train", share: 0.8, done: 0.25 },
    ],
    secondsLeft: 754,
  } as const;
  const status = { ...emptyStatus, stage: "train", round: 3, numRounds: 12, tasksIn: 4, tasksOut: 2, progress } as const;
  const html = shown([welcomeEvent, readyEvent, { kind: "status", status }]);
  expect(html).toContain("40 % · about 13 min left");
  expect(html).toContain('aria-valuenow="40"');
  expect(html).toContain("4 of 6 devices done");
  const unknown = shown([
    welcomeEvent,
    readyEvent,
    { kind: "status", status: { ...status, progress: { ...progress, secondsLeft: null } } },
  ]);
  expect(unknown).toContain("40 % · time left unknown");
});

test("conditions are offered only where the browser can tell", () => {
  expect(shown([welcomeEvent, readyEvent])).toContain('data-testid="onlyIdle"');
  const blind = shown([welcomeEvent, readyEvent], { idle: false, charging: false, wakeLock: false });
  for (const name of ["onlyIdle", "onlyCharging", "keepsAwake"]) expect(blind).not.toContain(`data-testid="${name}"`);
  expect(blind).toContain('data-testid="onlyVisible"');
});

test("a tab that rests has given its devices to others, and is not told that it has none yet", () => {
  const task = taskOf(3);
  const worked: SessionEvent[] = [
    welcomeEvent,
    readyEvent,
    { kind: "taskStarted", task },
    { kind: "taskEnded", task, outcome: "accepted", numBytes: 25_800 },
    { kind: "paused", isPaused: true },
    { ...readyEvent, deviceIds: [], numExamples: 0 } as SessionEvent,
  ];
  expect(shown(worked)).toContain("none while it rests");
  expect(shown([welcomeEvent, { ...readyEvent, deviceIds: [] } as SessionEvent])).toContain("none yet");
});

test("contributions are listed with time, round, kind and bytes, those that the receipt knows of earlier visits before them", () => {
  const entry = {
    taskId: "b".repeat(32),
    deviceId: 3,
    stage: "count",
    round: 1,
    step: 1,
    kind: "probe",
    at: 1_790_000_000_123,
    numBytes: 432,
    sha256: "ab".repeat(32),
  } as const;
  const receipt = { contributions: [entry], numEarlier: 2 } as unknown as Receipt;
  const task = taskOf(3);
  const events: PageEvent[] = [
    welcomeEvent,
    readyEvent,
    { kind: "taskStarted", task },
    { kind: "taskEnded", task, outcome: "accepted", numBytes: 25_800 },
    { kind: "receipt", receipt },
  ];
  const html = shown(events);
  expect(html).toContain("4 contributions, 26.2 kB sent");
  expect(html.indexOf("training 2")).toBeGreaterThan(0);
  expect(html.indexOf("counting 1")).toBeGreaterThan(html.indexOf("training 2"));
  const refused = shown([welcomeEvent, readyEvent, { kind: "taskEnded", task, outcome: "late", numBytes: 9 }]);
  expect(refused).toContain("None yet.");
});

test("what was mended is told with its time, the latest first", () => {
  const incident = (kind: Incident["kind"], seconds: number | null, lost: Incident["lost"] = null): PageEvent => ({
    kind: "incident",
    incident: { kind, at: 1_790_000_000_000, seconds, lost },
  });
  const html = shown([
    welcomeEvent,
    readyEvent,
    incident("slept", 720),
    incident("online", 42),
    incident("workerRestarted", null, { kind: "gpuLost", detail: "the GPU was taken away (driver reset)" }),
  ]);
  expect(html.indexOf("Another one was started")).toBeLessThan(html.indexOf("lost for 42 s"));
  expect(html.indexOf("lost for 42 s")).toBeLessThan(html.indexOf("slept for 12 min"));
  expect(html).toContain("This tab’s worker was lost (the GPU was taken away)");
});

test("a result of few texts stands beside its bounds", () => {
  const evaluation = { protocol: "newcomer", numExamples: 45, split: "test", accuracy: 30 / 45, macroF1: 0, loss: 1 } as const;
  const status = { ...emptyStatus, phase: "done", stage: "train", round: 1, numRounds: 1, history: [point(1, 1.2, [evaluation])] } as const;
  const html = shown([welcomeEvent, readyEvent, { kind: "status", status }]);
  expect(html).toContain("66.7 %");
  expect(html).toContain("between 52.1 % and 78.6 % (95 % interval)");
});

test("of many contributions the page keeps the latest, and still counts all with their bytes", () => {
  const ended = Array.from({ length: maxListed + 20 }, (_, i): PageEvent => {
    return { kind: "taskEnded", task: { ...taskOf(3), taskId: `t${i}` }, outcome: "accepted", numBytes: 10 };
  });
  const view = [welcomeEvent, readyEvent, ...ended].reduce((known, event) => nextView(known, event, 0), { ...emptyView, hasJoined: true });
  expect(view).toMatchObject({ numEarlier: 20, earlierBytes: 200 });
  expect(view.contributions).toHaveLength(maxListed);
  expect(view.contributions.at(-1)?.taskId).toBe(`t${maxListed + 19}`);
});

test("a run that goes on until somebody stops it says its rounds so far, and no share of a thousand", () => {
  if (welcomeEvent.kind !== "welcome") throw new Error("an event of another kind");
  const { welcome } = welcomeEvent;
  const endless = { ...welcomeEvent, welcome: { ...welcome, run: { ...welcome.run, roster: "open", numRounds: 1000 } } } as PageEvent;
  const stages = [{ stage: "train", share: 1, done: 0.007 }] as const;
  const status = { ...emptyStatus, stage: "train", round: 7, numRounds: 1000, progress: { stages, secondsLeft: 9000 } } as const;
  const html = shown([endless, readyEvent, { kind: "status", status }]);
  expect(html).toContain("7 rounds so far");
  expect(html.match(/7 rounds so far/g)?.length).toBeGreaterThan(2); // the bar, the line of the run and the staff's label
  expect(html).not.toContain("1 % ·");
  expect(html).not.toMatch(/of 1000|>1000</);
});
