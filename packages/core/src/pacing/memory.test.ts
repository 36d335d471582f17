import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { type ResumedStep, type RoundEvent, runRounds } from "../rounds.ts";
import { type FedAvgState, fedAvg } from "../strategies/fedAvg.ts";
import type { DeviceId, PlannedTask, RoundPlan } from "../task.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import { paramsOf, rosterOf, testRun, testShape, trained, valuesOf } from "../testing/run.ts";
import { type Answer, createSimulatedPool } from "../testing/simulatedPool.ts";
import type { Pacing } from "./memory.ts";
import { freshPace, type Pace } from "./pace.ts";

const seeds = [1, 2, 3, 4, 5, 6];
/** Eight devices that work, twelve that are silent or become so. */
const numExamples = [4, 1, 7, 2, 5, 3, 6, 8, ...Array.from({ length: 12 }, (_, i) => 9 + i)];
const roster = rosterOf(numExamples);
const isStranger = (id: DeviceId) => id >= 8;
const conditions = {
  roster: "open",
  numDevices: 20,
  minDevices: 8,
  cohortSize: 6,
  quorum: 0.7,
  deadlineMs: 1000,
  numRounds: 12,
  evaluateEvery: 4,
} as const;
const runWith = (changes: object = {}) =>
  ({ ...testRun({ ...conditions, ...changes }), strategy: { name: "fedAvg", fineTuneEpochs: 0 } }) as const;
const backoff = { maxSteps: 64 };

function work(plan: RoundPlan, { deviceId, spec }: PlannedTask, elapsedMs = 100): TaskOutcome {
  const base = { deviceId, numExamples: numExamples[deviceId] };
  if (spec.kind === "evaluate")
    return { kind: "contributed", contribution: { ...base, body: { kind: "evaluate", results: [] } }, elapsedMs };
  const move = 0.1 * (deviceId + 1) * plan.round;
  return {
    kind: "contributed",
    contribution: trained(deviceId, numExamples[deviceId], 3, paramsOf({ "prefix/0": [move, -move] })),
    elapsedMs,
  };
}

type Event = RoundEvent<FedAvgState>;

interface Playing {
  readonly run?: ReturnType<typeof runWith>;
  readonly answer: Answer;
  readonly pace?: Pace;
  readonly state?: FedAvgState;
  readonly resume?: ResumedStep | undefined;
  readonly accepted?: Map<string, TaskOutcome>;
  readonly maxEvents?: number;
  readonly seed?: number;
}

const start = (run: ReturnType<typeof runWith>) => fedAvg.init(run, testShape(1), paramsOf({ "prefix/0": [0.5, -1] }));

/** Plays a run, and counts the deadlines that it waited for: steps in which somebody was late. */
async function play({
  run = runWith({ backoff }),
  answer,
  pace = freshPace,
  state = start(run),
  resume,
  accepted,
  maxEvents = 400,
  seed = 3,
}: Playing) {
  const random = createRandom(seed);
  const late: RoundPlan[] = [];
  const pool = createSimulatedPool(roster, answer, accepted);
  const open: typeof pool.open = (plan, deadlineMs) => {
    const step = pool.open(plan, deadlineMs);
    return {
      ...step,
      async perform(task) {
        const outcome = await step.perform(task);
        if (outcome.kind === "late" && !late.includes(plan)) late.push(plan);
        return outcome;
      },
    };
  };
  const pacing: Pacing = { rules: run, pace };
  const events: Event[] = [];
  for await (const event of runRounds({ strategy: fedAvg, state, pool: { ...pool, open }, random, resume, pacing })) {
    events.push(event);
    if (events.length >= maxEvents) break;
  }
  return { events, numDeadlines: late.length, plans: events.flatMap((event) => (event.kind === "planned" ? [event.plan] : [])), pool };
}

const repeats = (events: readonly Event[]) => events.filter(({ kind }) => kind === "repeated").length;
const finalOf = (events: readonly Event[]) => events.flatMap((event) => (event.kind === "done" ? [event.state] : []))[0];

test("twelve silent clients among eight devices cost a run at most one deadline, and the same run without backoff many", async () => {
  const silent: Answer = (plan, task) => (isStranger(task.deviceId) ? "silent" : work(plan, task));
  for (const seed of seeds) {
    const { events, numDeadlines } = await play({ answer: silent, seed });
    expect(finalOf(events), `seed ${seed}`).toBeDefined();
    expect([numDeadlines <= 1, repeats(events) <= 1], `seed ${seed}`).toEqual([true, true]);
  }
  const before = await play({ run: runWith(), answer: silent, maxEvents: 40 });
  expect(before.numDeadlines).toBeGreaterThan(5);
});

test("twelve clients that decline cost no deadline and at most one attempt", async () => {
  const { events, numDeadlines } = await play({
    answer: (plan, task) => (isStranger(task.deviceId) ? { kind: "declined", reason: "no" } : work(plan, task)),
  });
  expect(finalOf(events)).toBeDefined();
  expect([numDeadlines, repeats(events)]).toEqual([0, expect.any(Number)]);
  expect(repeats(events)).toBeLessThanOrEqual(1);
});

test("twelve clients that work until they are proven and then fall silent together cost two deadlines at most: one of a cohort, one of a step for all", async () => {
  for (const seed of seeds) {
    const round = 2 + seed;
    const answer: Answer = (plan, task) => (isStranger(task.deviceId) && plan.round >= round ? "silent" : work(plan, task));
    const { events, numDeadlines } = await play({ answer, seed });
    expect(finalOf(events), `seed ${seed}`).toBeDefined();
    expect(numDeadlines, `seed ${seed}`).toBeLessThanOrEqual(2);
  }
});

test("when all devices answer, every round has S contributions once all are proven, and nobody rests", async () => {
  const run = runWith({ backoff, minDevices: 20, cohortSize: 20 });
  const { events } = await play({ run, answer: work });
  const counted = events.flatMap((event) => (event.kind === "closing" ? [event.counted.length] : []));
  expect(counted).toEqual(counted.map(() => 20));
});

test("a run with only silent devices left asks them again rather than wait for nobody", async () => {
  const { plans, events } = await play({ answer: () => "silent", maxEvents: 12 });
  expect(plans.length).toBeGreaterThan(3);
  expect(events.some(({ kind }) => kind === "waiting")).toBe(false);
});

test("a restart after any event plans, asks and ends as if nothing had happened, with what the journal holds of the past", async () => {
  const run = runWith({ backoff, overSelection: 1.3, adaptiveDeadline: { deviations: 4, floorMs: 50 }, numRounds: 5 });
  const answer: Answer = (plan, task) => (isStranger(task.deviceId) && plan.round !== 2 ? "silent" : work(plan, task, 10 * task.deviceId));
  const whole = await play({ run, answer });
  const expected = valuesOf(finalOf(whole.events)?.tensors ?? {});
  for (let at = 1; at < whole.events.length; at++) {
    const before = await play({ run, answer, maxEvents: at });
    const { state, resume, pace } = journalled(before.events, run);
    const rest = await play({ run, answer, state, resume, pace, accepted: before.pool.accepted });
    const label = `after event ${at}, ${whole.events[at - 1]?.kind}`;
    expect(valuesOf(finalOf(rest.events)?.tensors ?? {}), label).toEqual(expected);
    expect(rest.plans, label).toEqual(whole.plans.slice(before.plans.length));
  }
});

test("an over-selected step closes at S contributions and counts exactly those", async () => {
  const run = runWith({ overSelection: 1.3, minDevices: 20 });
  const { events, plans } = await play({ run, answer: work });
  expect(
    plans.filter(({ tasks }) => tasks[0].spec.kind === "train").every(({ tasks, closesAt }) => tasks.length === 8 && closesAt === 6),
  ).toBe(true);
  const counted = events.flatMap((event) =>
    event.kind === "closing" && event.plan.tasks[0].spec.kind === "train" ? [event.counted.length] : [],
  );
  expect(counted).toEqual(counted.map(() => 6));
});

test("deadlines follow what contributions took, once there are some, and double where a step missed its quorum", async () => {
  const run = runWith({
    adaptiveDeadline: { deviations: 2, floorMs: 120 },
    deadlineMs: 60_000,
    minDevices: 20,
    cohortSize: 10,
    evaluateEvery: 12,
  });
  const isSlow = (plan: RoundPlan) => plan.round === 3 && plan.attempt <= 2;
  const { plans } = await play({
    run,
    answer: (plan, task) => (isSlow(plan) ? "silent" : work(plan, task, 200 + 10 * (task.deviceId % 3))),
  });
  const of = (round: number) => plans.filter((plan) => plan.round === round && plan.step === 1).map(({ deadlineMs }) => deadlineMs);
  expect(of(1)).toEqual([60_000]);
  const [second] = of(2);
  expect(second).toBeGreaterThanOrEqual(210);
  expect(second).toBeLessThanOrEqual(240);
  const [first, again, third] = of(3).map(Number);
  expect([again >= 2 * first, third >= 4 * first]).toEqual([true, true]);
});

/** What a journal hands back. */
function journalled(
  events: readonly Event[],
  run: ReturnType<typeof runWith>,
): { state: FedAvgState; resume: ResumedStep | undefined; pace: Pace } {
  let found: { state: FedAvgState; resume: ResumedStep | undefined; pace: Pace } = {
    state: start(run),
    resume: undefined,
    pace: freshPace,
  };
  for (const event of events) {
    if (event.kind === "planned") found = { ...found, resume: { plan: event.plan } };
    if (event.kind === "closing")
      found = { ...found, resume: { plan: event.plan, counted: event.counted }, pace: event.pace ?? found.pace };
    if (event.kind === "repeated") found = { ...found, resume: { plan: event.plan, isRepeated: true }, pace: event.pace ?? found.pace };
    if (event.kind === "closed") found = { ...found, state: event.state, resume: undefined };
  }
  return { ...found, pace: JSON.parse(JSON.stringify(found.pace)) };
}
