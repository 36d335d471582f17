import { expect, test } from "vitest";
import { createEventReader, writeEvent } from "./eventStream.ts";
import { applyChange, type Live, liveChangeSchema, liveLimits, liveSchema } from "./live.ts";

const traffic = { up: 0, down: 0 };

const whole: Live = {
  status: {
    runId: "r1",
    phase: "running",
    stage: "train",
    round: 2,
    numRounds: 6,
    step: 1,
    attempt: 1,
    numConnected: 2,
    numDevices: 2,
    numPaused: 0,
    tasksOut: 1,
    tasksIn: 0,
    layerScores: null,
    selectedLayers: [1, 3],
    keepFraction: 0.5,
    bytes: { score: traffic, count: traffic, train: traffic, evaluation: traffic },
    allLayersF32: traffic,
    message: null,
    deadlineMs: 30_000,
  },
  sizes: { layers: [640, 640, 640, 640], others: 0 },
  devices: [
    { deviceId: 0, nickname: "Ada", state: "training", step: 3, numSteps: 20, speed: 2.5, backend: "wasm" },
    { deviceId: 1, nickname: null, state: "waiting", backend: null },
  ],
  rounds: [round(1, 0.9)],
  orders: [],
};

function round(number: number, trainLoss: number): Live["rounds"][number] {
  const bytes = { up: 700, down: 900 };
  return {
    stage: "train",
    round: number,
    steps: [{ step: 1, attempt: 1, kind: "train", numAsked: 2, numCounted: 2, asked: [0, 1], counted: [0, 1], seconds: 3, bytes }],
    trainLoss,
    evaluations: [],
    bytes,
    evaluationBytes: traffic,
    allLayersF32: { up: 20_480, down: 20_480 },
    movement: { update: 0.5, drift: 0.2, layers: [null, 0.1, null, 0.3] },
  };
}

test("P-170: a change replaces the tiles and rounds that it names, adds new ones and takes away what is gone", () => {
  const next = applyChange(whole, {
    devices: [
      { deviceId: 2, nickname: null, state: "loading", backend: null },
      { deviceId: 0, nickname: "Ada", state: "done", backend: "wasm" },
    ],
    gone: [1],
    rounds: [round(1, 0.7), round(2, 0.6)],
  });
  expect(next.devices.map(({ deviceId, state }) => [deviceId, state])).toEqual([
    [0, "done"],
    [2, "loading"],
  ]);
  expect(next.rounds.map(({ trainLoss }) => trainLoss)).toEqual([0.7, 0.6]);
  expect(next.status).toBe(whole.status);
  expect(applyChange(whole, {}).devices).toBe(whole.devices);
});

test("P-170: a feed forgets its oldest rounds and nothing else", () => {
  const rounds = Array.from({ length: liveLimits.maxRounds }, (_, index) => round(index + 1, 1));
  const next = applyChange({ ...whole, rounds }, { rounds: [round(liveLimits.maxRounds + 1, 0.5)] });
  expect(next.rounds).toHaveLength(liveLimits.maxRounds);
  expect(next.rounds[0]?.round).toBe(2);
});

test.each([
  ["a state that no device has", { ...whole, devices: [{ ...whole.devices[0], state: "sleeping" }] }],
  ["control characters in a nickname", { ...whole, devices: [{ ...whole.devices[0], nickname: "a\u0007b" }] }],
  ["a field that nobody knows", { ...whole, secret: 1 }],
  ["the status with its history", { ...whole, status: { ...whole.status, history: [] } }],
])("P-3: a feed with %s does not fit", (_, value) => {
  expect(liveSchema.safeParse(whole).success).toBe(true);
  expect(liveSchema.safeParse(value).success).toBe(false);
});

test("P-170: a change may hold nothing at all", () => {
  expect(liveChangeSchema.parse({})).toEqual({});
  expect(liveChangeSchema.safeParse({ history: [] }).success).toBe(false);
});

test("events come out of a stream as they went in, wherever it is cut", () => {
  const stream = `retry: 2000\n\n${writeEvent("whole", 1, { a: "ä\n" })}: still here\n\n${writeEvent("change", 2, [1])}`;
  for (const cut of [0, 7, 20, 30, stream.length - 1]) {
    const { read } = createEventReader();
    const events = [...read(stream.slice(0, cut)), ...read(stream.slice(cut))];
    expect(events.map(({ event, data }) => [event, JSON.parse(data)])).toEqual([
      ["whole", { a: "ä\n" }],
      ["change", [1]],
    ]);
  }
});

test("events with carriage returns are read as well, and data of several lines is joined", () => {
  const stream = "event: x\r\ndata: 1\r\ndata: 2\r\n\r\n";
  for (let cut = 0; cut <= stream.length; cut++) {
    const { read } = createEventReader();
    expect([...read(stream.slice(0, cut)), ...read(stream.slice(cut))]).toEqual([{ event: "x", data: "1\n2" }]);
  }
});
