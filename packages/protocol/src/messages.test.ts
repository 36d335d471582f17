import { presets, type RunSettings, type TaskSpec } from "@tutti/core";
import { expect, test } from "vitest";
import type { z } from "zod";
import { serve } from "./calls.ts";
import { clientIdentity } from "./clientIdentity.ts";
import { bytes } from "./fields.ts";
import { limits, protocolVersion } from "./limits.ts";
import { type CallName, calls, type Request, runInfoSchema } from "./messages.ts";
import { runSettingsSchema } from "./runSettings.ts";
import { taskSpecSchema } from "./tasks.ts";

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

const taskId = "0123456789abcdef0123456789abcdef";
const sha256 = taskId + taskId;

const run: RunSettings = {
  seed: 42,
  backbone: "minuet",
  task: "feedback/topic",
  roster: "fixed",
  numDevices: 20,
  maxDevices: 500,
  minDevices: 6,
  cohortSize: 6,
  numRounds: 12,
  evaluateEvery: 4,
  evaluateZeroShot: true,
  deadlineMs: 120_000,
  quorum: 0.7,
  partition: { kind: "dirichletLabel", dirichletAlpha: 1 },
  tuning: { method: "prefix", promptTokens: 16, promptDropout: 0.1, positionsAfterPrefix: false, head: "linear", lossOver: "labelWords" },
  training: {
    localEpochs: 2,
    batchSize: 8,
    clientLearningRate: 0.01,
    weightDecay: 0.1,
    clipNorm: 1,
    resetMoments: true,
    optimizer: "adamW",
    proximal: 0,
  },
  strategy: {
    name: "fedPepTao",
    selector: "score",
    scoringDropout: false,
    maskPadding: true,
    minScoringBatch: 8,
    scoreLastLayer: false,
    keepFraction: "auto",
    countingRounds: 3,
    countingWarmupSteps: 10,
    initialPrompts: "counting",
    probeDevices: 2,
    lanczosSteps: 20,
    probeScale: "relative",
    serverLearningRate: "client",
    serverLearningRateDecay: 0.99,
    serverLearningRateFloor: 1e-4,
    serverMomentum: 0.9,
    serverStep: "parallel",
    pseudoGradient: "difference",
    controlVariates: true,
  },
  contributionEncoding: "f16",
  paramsEncoding: "f32",
};

const landing = { phase: "running", stage: "train", round: 3, numRounds: 12, numConnected: 4, numDevices: 20 } as const;
const status: Request<"status"> = {
  runId: "run-7",
  phase: "running",
  stage: "train",
  round: 3,
  numRounds: 12,
  step: 1,
  attempt: 2,
  numConnected: 5,
  numDevices: 20,
  numPaused: 1,
  tasksOut: 4,
  tasksIn: 2,
  layerScores: [8.5, 9.25, null],
  selectedLayers: [0, 1],
  keepFraction: 0.45,
  probes: [{ deviceId: 3, ritzValues: [-0.5, 2], ritzWeights: [0.25, 0.75], keepFraction: 0.5 }],
  history: [
    {
      stage: "train",
      round: 2,
      trainLoss: 1.25,
      evaluations: [
        { protocol: "personalised", split: "validation", accuracy: 0.625, macroF1: 0.5, loss: 0.875 },
        { protocol: "global", split: "test", text: { tokenAccuracy: 0.375, exactMatch: null, rougeL: null }, loss: 3.5, numExamples: 24 },
      ],
    },
  ],
  bytes: { score: { up: 10, down: 20 }, count: { up: 30, down: 40 }, train: { up: 50, down: 60 }, evaluation: { up: 70, down: 80 } },
  allLayersF32: { up: 400, down: 500 },
  message: "waiting for 2 more devices",
  deadlineMs: 90_000,
};

const urls = { backbone: "backbones/minuet/manifest.json", dataset: "datasets/" };
const blob = { sha256, numBytes: 4096 };
const devices = [{ deviceId: 3, decision: "new", state: blob, version: taskId, share: 7 }] as const;
const compute = { backend: "webgpu", threads: 2, reason: "the fastest of webgpu and wasm", worstError: 1e-5 } as const;

const examples: { readonly [N in CallName]: readonly Request<N>[] } = {
  hello: [
    {
      protocolVersion,
      ...clientIdentity("5f0c9a3e-7f5b-4d43").prove({ audience: "tutti.test:8080", challenge: "a-socket" }),
      runId: "run-7",
      nickname: "Käthe",
      hosting: "own",
      ownExamples: 30,
      devices: [{ deviceId: 3, version: taskId, pending: null }],
      capabilities: { backend: "auto", threads: 4, isSecureContext: true, userAgent: "Mozilla/5.0" },
    },
  ],
  loading: [{}],
  register: [{ devices: [{ deviceId: 3, numExamples: 57 }], compute }, { devices: [] }],
  submit: [
    { taskId, deviceId: 3, header: { kind: "score", layerScores: [8.5, 9.25, null] } },
    { taskId, deviceId: 3, header: { kind: "score", layerScores: null } },
    {
      taskId,
      deviceId: 3,
      header: { kind: "train", numSteps: 16, numSkipped: 3, firstLoss: 1.5, lastLoss: 0.75 },
      tensors: Uint8Array.of(1, 2),
      state: Uint8Array.of(3),
    },
    { taskId, deviceId: 3, header: { kind: "probe", ritzValues: [-0.5, 2], ritzWeights: [0.25, 0.75] } },
    {
      taskId,
      deviceId: 3,
      header: {
        kind: "evaluate",
        results: [
          {
            protocol: "global",
            split: "test",
            confusion: [
              [5, 2],
              [1, 7],
            ],
            lossSum: 3.5,
          },
        ],
      },
    },
  ],
  progress: [{ taskId, step: 3, numSteps: 16, loss: 0.75 }],
  pause: [{ isPaused: true }],
  leave: [{}],
  withdraw: [{}],
  receipt: [{}],
  declineState: [{ deviceId: 3, version: taskId, reason: "the state is not one of tensors" }],
  decline: [{ taskId, reason: "the GPU was lost" }],
  task: [
    {
      taskId,
      deviceId: 3,
      stage: "train",
      round: 3,
      step: 1,
      attempt: 2,
      spec: { kind: "train", warmupSteps: 10, epochs: 2, isPersonalised: true },
      parameterSets: { global: blob, initial: blob, correction: blob },
      expects: { shapes: { "head/bias": [4], "prefix/3": [2, 8, 64] }, encoding: "f16", batchSize: 8, numExamples: 57 },
      deadlineMs: 120_000,
    },
    {
      taskId,
      deviceId: 3,
      stage: "train",
      round: 12,
      step: 2,
      attempt: 1,
      spec: { kind: "train", warmupSteps: 0, epochs: 5, steps: 12, isPersonalised: true },
      parameterSets: { initial: blob },
      expects: { shapes: {}, encoding: "int8", batchSize: 16, numExamples: 9 },
      deadlineMs: null,
    },
    {
      taskId,
      deviceId: 3,
      stage: "score",
      round: 1,
      step: 1,
      attempt: 1,
      spec: { kind: "score", selector: "score", minBatch: 8, dropout: false, maskPadding: true, scoreLastLayer: false },
      parameterSets: { global: blob },
      expects: { shapes: {}, encoding: "f32", batchSize: 8, numExamples: 57 },
      deadlineMs: null,
    },
  ],
  assign: [{ devices }],
  moved: [{ deviceIds: [3, 5] }],
  replaced: [{}],
  goodbye: [{ reason: "finished", message: "the run is done" }],
  status: [status],
};

const welcome = { runId: "run-7", run, urls, devices, keepsStates: true, numTabs: 4, threads: 2, backend: "wasm", status };

const cases: { name: string; schema: z.ZodType; example: unknown }[] = [
  ...Object.entries(examples).flatMap(([name, list]) =>
    list.map((example, index) => ({ name: `${name} ${index}`, schema: calls[name as CallName].request, example })),
  ),
  { name: "the answer to hello", schema: calls.hello.answer, example: welcome },
  { name: "the answer to submit", schema: calls.submit.answer, example: { outcome: "late" } },
  {
    name: "the run description",
    schema: runInfoSchema,
    example: { protocolVersion, runId: "run-7", run, urls, keepsStates: true, admission: "code", status: landing },
  },
  { name: "run settings", schema: runSettingsSchema, example: run },
  { name: "a probe task", schema: taskSpecSchema, example: { kind: "probe", lanczosSteps: 20 } },
  {
    name: "an evaluate task",
    schema: taskSpecSchema,
    example: { kind: "evaluate", protocols: ["personalised", "newcomer"], splits: ["validation"] },
  },
];

/** Every value that differs from `value` in one place, with the place: numbers that are not finite, wrong types, overlong text and lists, unknown keys. */
function* spoiled(value: unknown, place = "it"): Generator<[string, unknown]> {
  yield [`${place} of another type`, typeof value === "boolean" ? "true" : true];
  if (typeof value === "number")
    for (const bad of [Number.NaN, Infinity, -Infinity, -1e300, 1e300, String(value)]) yield [`${place} = ${bad}`, bad];
  if (typeof value === "string") yield [`${place} too long`, value.padEnd(3000, "a")];
  if (Array.isArray(value)) {
    if (value.length > 0) yield [`${place} too long`, Array.from({ length: 10_001 }, () => value[0])];
    for (const [index, item] of value.entries()) {
      for (const [where, bad] of spoiled(item, `${place}[${index}]`)) yield [where, value.map((old, i) => (i === index ? bad : old))];
    }
  } else if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
    yield [`${place} with an unknown key`, { ...value, unknown: 1 }];
    yield [`${place} as a list`, [value]];
    for (const [key, item] of Object.entries(value)) {
      for (const [where, bad] of spoiled(item, `${place}.${key}`)) yield [where, { ...value, [key]: bad }];
    }
  }
}

test.each(cases)("P-3 $name is accepted as it is, also after JSON", ({ schema, example }) => {
  expect(schema.parse(example)).toEqual(example);
  if (!JSON.stringify(example).includes("tensors")) expect(schema.parse(JSON.parse(JSON.stringify(example)))).toEqual(example);
});

test.each(cases)("P-3 $name is refused when anything in it is not finite, too long, of another type or unknown", ({ schema, example }) => {
  const accepted = [...spoiled(example)].filter(([, bad]) => schema.safeParse(bad).success).map(([where]) => where);
  expect(accepted).toEqual([]);
});

test.each(cases)("P-3 $name is refused without any key that is not optional", ({ schema, example }) => {
  const optional = [
    "runId",
    "nickname",
    "ownExamples",
    "compute",
    "state",
    "message",
    "numTabs",
    "threads",
    "backend",
    "evaluateZeroShot",
    "maxDevices",
  ];
  const required = Object.entries(example as object).filter(([key]) => !optional.includes(key));
  for (const [key] of required) {
    const without = Object.fromEntries(Object.entries(example as object).filter(([other]) => other !== key));
    expect(schema.safeParse(without).success, key).toBe(false);
  }
});

/** Every value in which one list or record is bytes instead. */
function* withBytes(value: unknown): Generator<unknown> {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
  for (const bad of [Buffer.from([1, 2]), new ArrayBuffer(2), Buffer.alloc(0), new Float32Array(2)]) yield bad;
  for (const [key, item] of Object.entries(value))
    for (const bad of withBytes(item)) yield Array.isArray(value) ? value.with(Number(key), bad) : { ...value, [key]: bad };
}

test("P-3 bytes where a list or a record belongs are refused by name, in every call", async () => {
  let receive: (name: string, ...values: unknown[]) => void = () => undefined;
  const faults: unknown[] = [];
  const handlers = Object.fromEntries(Object.keys(calls).map((name) => [name, () => ({})]));
  const socket = { connected: true, emit: () => true, on: () => true, offAny: () => true, onAny: (act: typeof receive) => (receive = act) };
  serve(socket, handlers, { onFault: (_, error) => faults.push(error) });
  for (const [name, list] of Object.entries(examples)) {
    for (const bad of list.flatMap((example) => [...withBytes(example)])) {
      const answer = await new Promise((resolve) => receive(name, bad, resolve));
      expect(answer).toMatchObject({ ok: false, rule: "P-3", message: expect.stringMatching(`^${name}.*: bytes do not belong here$`) });
    }
  }
  expect(faults).toEqual([]);
});

test("the schemas and core's types are the same, both ways", () => {
  const sameRun: Same<z.infer<typeof runSettingsSchema>, RunSettings> = true;
  const sameTask: Same<z.infer<typeof taskSpecSchema>, TaskSpec> = true;
  expect([sameRun, sameTask]).toEqual([true, true]);
});

test("P-3 tensors are sent with a train contribution and with no other", () => {
  const { request } = calls.submit;
  const [score, , train] = examples.submit;
  expect(request.safeParse({ ...score, tensors: Uint8Array.of(1) }).success).toBe(false);
  expect(request.safeParse({ ...train, tensors: undefined }).success).toBe(false);
});

test("P-3 what belongs together is checked together", () => {
  const { request } = calls.submit;
  const evaluate = (confusion: number[][]) => ({
    taskId,
    deviceId: 3,
    header: { kind: "evaluate", results: [{ protocol: "global", split: "test", confusion, lossSum: 3.5 }] },
  });
  expect(request.safeParse(evaluate([[5, 2], [1]])).success).toBe(false);
  expect(
    request.safeParse(
      evaluate([
        [5, 2, 3],
        [1, 2, 3],
      ]),
    ).success,
  ).toBe(false);
  const probe = { taskId, deviceId: 3, header: { kind: "probe", ritzValues: [1, 2], ritzWeights: [1] } };
  expect(request.safeParse(probe).success).toBe(false);
  const weighted = (ritzWeights: number[]) => ({ taskId, deviceId: 3, header: { kind: "probe", ritzValues: [1, 2], ritzWeights } });
  expect(request.safeParse(weighted([0.3, 0.7000001])).success).toBe(true);
  for (const weights of [
    [0, 0],
    [0.3, 0.5],
    [1, 1],
  ])
    expect(request.safeParse(weighted(weights)).success).toBe(false);
  const [hello] = examples.hello;
  expect(calls.hello.request.safeParse({ ...hello, hosting: "virtual" }).success).toBe(false);
});

test("P-3 a lease names a limited number of sets and tensors, by names that are parameters' names", () => {
  const [lease] = examples.task;
  const named = (count: number) => Array.from({ length: count }, (_, i) => `set-${i}`);
  const accepts = (changes: object) => calls.task.request.safeParse({ ...lease, ...changes }).success;
  const setsOf = (names: readonly string[]) => ({ parameterSets: Object.fromEntries(names.map((name) => [name, blob])) });
  const shapesOf = (names: readonly string[], shape = [2]) => ({
    expects: { ...lease?.expects, shapes: Object.fromEntries(names.map((name) => [name, shape])) },
  });
  expect([accepts(setsOf(named(limits.maxParameterSets))), accepts(setsOf(named(limits.maxParameterSets + 1)))]).toEqual([true, false]);
  expect([accepts(shapesOf(named(limits.maxTensors))), accepts(shapesOf(named(limits.maxTensors + 1)))]).toEqual([true, false]);
  for (const name of ["", " ", "a b", "_", "a\0", "x".repeat(limits.maxName + 1)]) {
    expect([name, accepts(setsOf([name])), accepts(shapesOf([name]))]).toEqual([name, false, false]);
  }
  for (const shape of [[0], [-1], [1.5], [1, 1, 1, 1, 1]]) expect([shape, accepts(shapesOf(["a"], shape))]).toEqual([shape, false]);
  expect(accepts(shapesOf(["a"], []))).toBe(true); // a scalar
});

test("bytes are accepted as a Buffer, an ArrayBuffer and any Uint8Array up to the maximum, and come out as a Uint8Array", () => {
  const schema = bytes(4);
  const whole = Uint8Array.of(9, 1, 2, 3, 9);
  for (const value of [whole.subarray(1, 4), Buffer.from(whole.buffer, 1, 3), whole.slice(1, 4).buffer]) {
    const parsed = schema.parse(value);
    expect(parsed.constructor).toBe(Uint8Array);
    expect([...parsed]).toEqual([1, 2, 3]);
  }
  for (const value of [whole, whole.buffer, [1, 2], "abc", null, new Float32Array(1)]) expect(schema.safeParse(value).success).toBe(false);
});

test("names of folders lead to no other folder", () => {
  for (const backbone of ["../secret", "..", "/etc", "a/b", "a\\b", "", "a\0"]) {
    expect(runSettingsSchema.safeParse({ ...run, backbone }).success).toBe(false);
  }
  for (const task of ["a/../../b", "a/..", "a//b", "/a", "a/b/c"])
    expect(runSettingsSchema.safeParse({ ...run, task }).success).toBe(false);
});

test("run settings are refused when the cohort or the smallest roster is above the number of devices", () => {
  expect(runSettingsSchema.safeParse({ ...run, cohortSize: 21 }).success).toBe(false);
  expect(runSettingsSchema.safeParse({ ...run, minDevices: 21 }).success).toBe(false);
  expect(runSettingsSchema.safeParse({ ...run, strategy: { name: "fedAvg" } }).success).toBe(true);
  expect(runSettingsSchema.safeParse({ ...run, strategy: { name: "fedAvg", serverMomentum: 0.9 } }).success).toBe(false);
});

test.each(Object.entries(presets))("the preset %s is within the bounds", (_, settings) => {
  expect(runSettingsSchema.parse(settings)).toEqual(settings);
});

test("a nickname holds no control characters", () => {
  const [hello] = examples.hello;
  expect(calls.hello.request.safeParse({ ...hello, nickname: "a\u001b[2Jb" }).success).toBe(false);
  expect(calls.hello.request.safeParse({ ...hello, nickname: "x".repeat(limits.maxNickname + 1) }).success).toBe(false);
});
