import { expect, test } from "vitest";
import { createRandom } from "./random.ts";
import { type DevicePool, neededContributions, type ResumedStep, type RoundEvent, runRounds } from "./rounds.ts";
import { type FedAvgState, fedAvg } from "./strategies/fedAvg.ts";
import type { PlannedTask, RoundPlan } from "./task.ts";
import type { TaskOutcome } from "./taskOutcome.ts";
import { paramsOf, rosterOf, testRun, testShape, trained, valuesOf } from "./testing/run.ts";
import { type Answer, createSimulatedPool } from "./testing/simulatedPool.ts";

const numExamples = [4, 1, 7, 2, 5];
const roster = rosterOf(numExamples);
const settings = { numDevices: 5, minDevices: 5, cohortSize: 4, numRounds: 3, evaluateEvery: 2, quorum: 0.7, deadlineMs: 1000 } as const;
const run = { ...testRun(settings), strategy: { name: "fedAvg", fineTuneEpochs: 0 } } as const;
const random = createRandom(3);
const fresh = () => fedAvg.init(run, testShape(2), paramsOf({ "prefix/0": [0.5, -1], "prefix/1": [2, 3] }));

/** Each device moves by its own amount, which depends on the round. */
const answerAll = (plan: RoundPlan, { deviceId, spec }: PlannedTask): TaskOutcome => {
  if (spec.kind === "evaluate")
    return contributed({ deviceId, numExamples: numExamples[deviceId], body: { kind: "evaluate", results: [] } });
  const move = 0.1 * (deviceId + 1) * plan.round;
  return contributed(trained(deviceId, numExamples[deviceId], 3, paramsOf({ "prefix/0": [move, -move], "prefix/1": [0, 2 * move] })));
};

function contributed(contribution: Extract<TaskOutcome, { kind: "contributed" }>["contribution"]): TaskOutcome {
  return { kind: "contributed", contribution };
}

type Event = RoundEvent<FedAvgState>;

async function collect(pool: DevicePool, options: { state?: FedAvgState; resume?: ResumedStep; until?: (event: Event) => boolean } = {}) {
  const { state = fresh(), resume, until = () => false } = options;
  const events: Event[] = [];
  for await (const event of runRounds({ strategy: fedAvg, state, pool, random, resume })) {
    events.push(event);
    if (until(event)) break;
  }
  return events;
}

const kinds = (events: readonly Event[]) => events.map((event) => event.kind);

function last<K extends Event["kind"]>(events: readonly Event[], kind: K): Extract<Event, { kind: K }> {
  const event = events.findLast((candidate): candidate is Extract<Event, { kind: K }> => candidate.kind === kind);
  if (event === undefined) throw new Error(`no ${kind} among ${kinds(events).join(", ")}`);
  return event;
}

const finalOf = (events: readonly Event[]) => last(events, "done").state;

test("a run plans, closes and aggregates each step, and ends", async () => {
  const events = await collect(createSimulatedPool(roster, answerAll));
  const steps = events.flatMap((event) =>
    event.kind === "closed" ? `${event.plan.round}.${event.plan.step} ${event.plan.tasks[0].spec.kind}` : [],
  );
  expect(steps).toEqual(["1.1 train", "2.1 train", "2.2 evaluate", "3.1 train", "3.2 evaluate"]);
  expect(kinds(events)).toEqual([...steps.flatMap(() => ["planned", "closing", "closed"]), "done"]);
});

test("no task leaves before its plan was taken note of, and nothing is aggregated before the counted set was", async () => {
  const pool = createSimulatedPool(roster, answerAll);
  const rounds = runRounds({ strategy: fedAvg, state: fresh(), pool, random });
  expect((await rounds.next()).value).toMatchObject({ kind: "planned" });
  expect(pool.asked.size).toBe(0);
  expect((await rounds.next()).value).toMatchObject({ kind: "closing" });
  expect(pool.asked.size).toBe(4);
  await rounds.return();
});

test("contributions reach the strategy in device order, whoever was first", async () => {
  const events = await collect(createSimulatedPool(roster, answerAll));
  for (const event of events) {
    if (event.kind !== "closed") continue;
    const ids = event.contributions.map((contribution) => contribution.deviceId);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  }
});

test("a step closes at the deadline when the quorum is met, without those who are late", async () => {
  const [silent] = (await firstPlan()).tasks.map((task) => task.deviceId);
  const pool = createSimulatedPool(roster, (plan, task) => (task.deviceId === silent ? "silent" : answerAll(plan, task)));
  const events = await collect(pool, { until: (event) => event.kind === "closed" });
  expect(kinds(events)).toEqual(["planned", "closing", "closed"]);
  expect(last(events, "closing").counted).toEqual(firstIds(await firstPlan()).filter((id) => id !== silent));
});

test("what is being written when the deadline passes counts, however long that takes", async () => {
  const [silent, ...others] = firstIds(await firstPlan());
  let numWritten = 0;
  const pool: DevicePool = {
    roster: () => roster,
    whenRosterChanges: () => new Promise(() => {}),
    open: (plan) => ({
      async perform(task) {
        if (task.deviceId === silent) return { kind: "late" }; // the deadline has passed; the others answered just before
        for (let turn = 0; turn < 100; turn++) await Promise.resolve();
        numWritten++;
        return answerAll(plan, task);
      },
      close: () => expect(numWritten).toBe(others.length),
    }),
  };
  const events = await collect(pool, { until: (event) => event.kind === "closed" });
  expect(last(events, "closing").counted).toEqual(others);
});

test("a missed quorum repeats the step with another cohort and says why", async () => {
  const absent = firstIds(await firstPlan()).slice(0, 2);
  const pool = createSimulatedPool(roster, (plan, task) =>
    plan.attempt === 1 && absent.includes(task.deviceId)
      ? task.deviceId === absent[0]
        ? { kind: "left" }
        : "silent"
      : answerAll(plan, task),
  );
  const events = await collect(pool, { until: (event) => event.kind === "closed" });
  expect(kinds(events)).toEqual(["planned", "repeated", "planned", "closing", "closed"]);
  const { reason, plan } = last(events, "repeated");
  expect(reason).toContain("only 2 of 4 contributions arrived, 3 are needed");
  expect(reason).toContain(`device ${absent[0]} left`);
  expect(reason).toContain(`device ${absent[1]} was late`);
  const again = last(events, "closed").plan;
  expect([again.stage, again.round, again.step, again.attempt]).toEqual([plan.stage, plan.round, plan.step, 2]);
  expect(again.tasks.map((task) => task.deviceId)).not.toEqual(plan.tasks.map((task) => task.deviceId));
});

test("when everybody has left the run waits for the roster to change, and goes on", async () => {
  const gone = roster.map((device) => ({ ...device, isConnected: false, hasLeft: true }));
  let isEmpty = true;
  const pool = createSimulatedPool(roster, (plan, task) => {
    if (isEmpty) pool.setRoster(gone);
    return isEmpty ? { kind: "left" } : answerAll(plan, task);
  });
  const events: Event[] = [];
  for await (const event of runRounds({ strategy: fedAvg, state: fresh(), pool, random })) {
    events.push(event);
    if (event.kind === "waiting") {
      expect(event.reason).toBe("no device is connected");
      isEmpty = false;
      pool.setRoster(roster); // before the loop asks for the change: it must not be missed
    }
  }
  expect(kinds(events).slice(0, 4)).toEqual(["planned", "repeated", "waiting", "planned"]);
  expect(last(events, "closed").plan.round).toBe(3);
});

test("a fixed roster waits until all have registered and for drawn devices that are not connected", async () => {
  const reasons: string[] = [];
  const [first = -1, second = -1] = firstIds(await firstPlan());
  const without = (away: readonly number[]) =>
    roster.map((device) => (away.includes(device.id) ? { ...device, isConnected: false } : device));
  const rosters = [without([first, second]), without([second]), roster];
  const pool = createSimulatedPool(roster.slice(0, 3), answerAll);
  const rounds = runRounds({ strategy: fedAvg, state: fresh(), pool, random });
  for await (const event of rounds) {
    if (event.kind === "planned") break;
    if (event.kind !== "waiting") continue;
    reasons.push(event.reason);
    pool.setRoster(rosters.shift() ?? []);
  }
  expect(reasons).toEqual([
    "3 of 5 devices have registered",
    `devices ${Math.min(first, second)}, ${Math.max(first, second)} were picked for this round but are not connected`,
    `device ${second} was picked for this round but is not connected`,
  ]);
});

test("an open roster samples among those that are connected", async () => {
  const open = { ...run, roster: "open", minDevices: 3 } as const;
  const state = fedAvg.init(open, testShape(1), paramsOf({ "prefix/0": [1] }));
  const some = roster.map((device) => ({ ...device, isConnected: device.id !== 2 }));
  const plan = fedAvg.plan(state, some, random, 1);
  expect("tasks" in plan && plan.tasks.map((task) => task.deviceId).toSorted((a, b) => a - b)).toEqual([0, 1, 3, 4]);
  expect("tasks" in plan && plan.numDevices).toBe(5);
  const few = roster.map((device) => ({ ...device, isConnected: device.id < 2 }));
  expect(fedAvg.plan(state, few, random, 1)).toEqual({
    waiting: "2 devices can take part, at least 3 are needed",
    said: [{ kind: "tooFew", count: 2, needed: 3 }],
  });
});

test("a device that declines is not asked again in the same step", async () => {
  const [unable] = firstIds(await firstPlan());
  const others: number[] = [];
  const pool = createSimulatedPool(roster, (plan, task) => {
    if (task.deviceId === unable) return { kind: "declined", reason: "out of memory" };
    others.push(task.deviceId);
    return others.length === 1 ? { kind: "left" } : answerAll(plan, task);
  });
  const events = await collect(pool, { until: (event) => event.kind === "closed" });
  expect(kinds(events)).toEqual(["planned", "repeated", "planned", "closing", "closed"]);
  expect(last(events, "repeated").reason).toContain(`device ${unable} declined: out of memory`);
  expect(firstIds(last(events, "closed").plan)).toEqual([0, 1, 2, 3, 4].filter((id) => id !== unable));
});

test("when all decline the run waits instead of asking again and again, until the roster changes", async () => {
  let isAble = false;
  const pool = createSimulatedPool(roster, (plan, task) => (isAble ? answerAll(plan, task) : { kind: "declined", reason: "no backend" }));
  const events: Event[] = [];
  for await (const event of runRounds({ strategy: fedAvg, state: fresh(), pool, random })) {
    events.push(event);
    if (event.kind !== "waiting") continue;
    isAble = true;
    pool.setRoster(roster);
  }
  expect(kinds(events).slice(0, 4)).toEqual(["planned", "repeated", "waiting", "planned"]);
  expect(kinds(events).at(-1)).toBe("done");
});

test("a restart after a repeated step goes on with the next attempt", async () => {
  const plan = await firstPlan();
  const events = await collect(createSimulatedPool(roster, answerAll), { resume: { plan, isRepeated: true }, until: () => true });
  expect(last(events, "planned").plan.attempt).toBe(plan.attempt + 1);
});

test("without a deadline a step waits for everyone who has not left", async () => {
  const patient = { ...run, deadlineMs: null };
  const state = fedAvg.init(patient, testShape(2), paramsOf({ "prefix/0": [0.5, -1], "prefix/1": [2, 3] }));
  const events = await collect(createSimulatedPool(roster, answerAll), { state });
  expect(kinds(events).at(-1)).toBe("done");
});

test("a restart after any event gives the same bits as no interruption, and asks for no accepted contribution again", async () => {
  const lost = firstIds(await firstPlan()).slice(0, 2);
  /** Round 1 is repeated once, so that a restart also falls on a repeated step. */
  const answer: Answer = (plan, task) =>
    plan.round === 1 && plan.attempt === 1 && lost.includes(task.deviceId) ? { kind: "left" } : answerAll(plan, task);
  const whole = await collect(createSimulatedPool(roster, answer));
  const expected = valuesOf(finalOf(whole).tensors);
  for (const [index, event] of whole.slice(0, -1).entries()) {
    const before = createSimulatedPool(roster, answer);
    let seen = 0;
    const journal = await collect(before, { until: () => seen++ === index });
    const after = createSimulatedPool(roster, answer, before.accepted);
    const rest = await collect(after, restored(journal));
    expect(valuesOf(finalOf(rest).tensors), `after ${event.kind}, event ${index}`).toEqual(expected);
    for (const [name, times] of after.asked) expect(times + (before.accepted.has(name) ? (before.asked.get(name) ?? 0) : 0)).toBe(1);
  }
});

test("a restart in the middle of gathering asks only the devices that have not answered", async () => {
  const whole = await collect(createSimulatedPool(roster, answerAll));
  const plan = await firstPlan();
  const accepted = new Map<string, TaskOutcome>();
  const stopped = createSimulatedPool(roster, (asked, task) => (task === plan.tasks[0] ? "silent" : answerAll(asked, task)), accepted);
  const step = stopped.open(plan, null);
  const answered = plan.tasks.slice(1).map((task) => step.perform(task));
  await Promise.all(answered);
  const after = createSimulatedPool(roster, answerAll, accepted);
  const rest = await collect(after, { resume: { plan } });
  expect(valuesOf(finalOf(rest).tensors)).toEqual(valuesOf(finalOf(whole).tensors));
  expect([...after.asked.keys()].filter((name) => name.startsWith("train/1/1/1/"))).toEqual([
    `train/1/1/1/${plan.tasks[0].deviceId}/train`,
  ]);
});

test("a journalled set counts as it is, even if a straggler has answered since", async () => {
  const plan = await firstPlan();
  const counted = firstIds(plan).slice(1);
  const pool = createSimulatedPool(roster, answerAll);
  const events = await collect(pool, { resume: { plan, counted }, until: (event) => event.kind === "closed" });
  expect(kinds(events)).toEqual(["closed"]);
  expect(last(events, "closed").contributions.map((contribution) => contribution.deviceId)).toEqual(counted);
});

test("a counted contribution that the pool does not have is an error, not a smaller sum", async () => {
  const plan = await firstPlan();
  const pool = createSimulatedPool(roster, () => ({ kind: "left" }));
  await expect(collect(pool, { resume: { plan, counted: firstIds(plan) } })).rejects.toThrow("the journal says");
});

test("an answer to another task is an error that names both", async () => {
  const pool = createSimulatedPool(roster, (plan, task) => answerAll(plan, { ...task, deviceId: (task.deviceId + 1) % 5 }));
  await expect(collect(pool)).rejects.toThrow(/task of device \d, train with a contribution of device \d, train/);
});

test("a quorum is rounded up, and is at least one", () => {
  expect([neededContributions(6, 0.7), neededContributions(10, 0.7), neededContributions(3, 1), neededContributions(4, 0)]).toEqual([
    5, 7, 3, 1,
  ]);
});

async function firstPlan(): Promise<RoundPlan> {
  return last(await collect(createSimulatedPool(roster, answerAll), { until: () => true }), "planned").plan;
}

const firstIds = (plan: RoundPlan) => plan.tasks.map((task) => task.deviceId).toSorted((a, b) => a - b);

/** What a journal hands back: the state of the last closed step, and the step that was open. */
function restored(journal: readonly Event[]): { state: FedAvgState; resume?: ResumedStep } {
  let state = fresh();
  let resume: ResumedStep | undefined;
  for (const event of journal) {
    if (event.kind === "planned") resume = { plan: event.plan };
    if (event.kind === "closing") resume = { plan: event.plan, counted: event.counted };
    if (event.kind === "repeated") resume = { plan: event.plan, isRepeated: true };
    if (event.kind !== "closed") continue;
    state = event.state;
    resume = undefined;
  }
  return { state, ...(resume === undefined ? {} : { resume }) };
}
