import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { fedAvg } from "../strategies/fedAvg.ts";
import type { RoundPlan } from "../task.ts";
import { paramsOf, planOf, rosterOf, testRun, testShape, trained, valuesOf } from "../testing/run.ts";
import { drawPoisoned, poisoned } from "./poisoned.ts";
import { type InForce, inForceAfter, nothingInForce, type ScheduledOrder } from "./standingOrder.ts";
import { type GivenOrders, isTooFew, loopOrders, pausedByOperator, sampledSize } from "./underOrders.ts";

const roster = rosterOf([4, 1, 7, 2, 5, 3, 8, 6, 9, 2]);
const settings = { numDevices: 10, minDevices: 10, cohortSize: 5, numRounds: 3, evaluateEvery: 1, quorum: 0.8, deadlineMs: 1000 } as const;
const random = createRandom(3);

function planWith(inForce: Partial<InForce>, changes: object = {}, attempt = 1) {
  const run = { ...testRun({ ...settings, ...changes }), strategy: { name: "fedAvg", fineTuneEpochs: 0 } } as const;
  const state = fedAvg.init(run, testShape(1), paramsOf({ "prefix/0": [0.5, -1] }));
  const given = { inForce: () => ({ ...nothingInForce, ...inForce }), latest: () => 7, whenChanged: () => Promise.resolve() };
  return {
    next: loopOrders(given).plan({ strategy: fedAvg, state, roster, random, attempt }),
    plain: planOf(fedAvg, state, roster, random, attempt),
  };
}

function planned(...asked: Parameters<typeof planWith>): RoundPlan {
  const { next } = planWith(...asked);
  if (!("tasks" in next)) throw new Error("nothing was planned");
  return next;
}

const idsOf = ({ tasks }: RoundPlan) => tasks.map(({ deviceId }) => deviceId);

test("a plan under orders that are all taken back is what the strategy plans, and names the last order", () => {
  const { next, plain } = planWith({});
  expect(next).toEqual({ ...plain, orders: 7 });
});

test("before the first order the strategy's plan is handed on as it is", () => {
  const { plain } = planWith({});
  const run = { ...testRun(settings), strategy: { name: "fedAvg", fineTuneEpochs: 0 } } as const;
  const state = fedAvg.init(run, testShape(1), paramsOf({ "prefix/0": [0.5, -1] }));
  const given = { inForce: () => nothingInForce, latest: () => 0, whenChanged: () => Promise.resolve() };
  expect(loopOrders(given).plan({ strategy: fedAvg, state, roster, random, attempt: 1 })).toEqual(plain);
});

test("a paused run plans nothing, and says whose wish it is", () => {
  expect(planWith({ isPaused: true }).next).toEqual({ waiting: pausedByOperator, said: [{ kind: "operatorPaused" }], isHeld: true });
});

test("a sample fraction asks that share of all devices, more or fewer than the settings, at least one and never more than there are", () => {
  expect(planned({ sampleFraction: 0.8 }).tasks).toHaveLength(8);
  expect(planned({ sampleFraction: 0.01 }).tasks).toHaveLength(1);
  expect(sampledSize(1, { roster: "open", numDevices: 100 }, 7)).toBe(7);
  // the same seed draws both cohorts: the smaller one is the beginning of the larger
  expect(idsOf(planned({ sampleFraction: 0.8 })).slice(0, 5)).toEqual(idsOf(planned({})));
});

test("a sample fraction too small for the rule of aggregation leaves the settings' cohort", () => {
  const changes = { aggregation: { name: "trimmedMean", numByzantine: 1 }, cohortSize: 6 };
  expect(planned({ sampleFraction: 0.2 }, changes).tasks).toHaveLength(6);
  expect(isTooFew({ ...testRun(settings), ...changes, cohortSize: 2 } as never)).toBe(true);
});

test("an ordered deadline replaces the run's, and null is none", () => {
  expect(planned({ deadline: { deadlineMs: 250 } }).deadlineMs).toBe(250);
  expect(planned({ deadline: { deadlineMs: null } }).deadlineMs).toBeNull();
});

test("a drop leaves out a seeded share of the cohort, another one in each attempt, and the quorum is of the others", () => {
  const cohort = idsOf(planned({}));
  const plan = planned({ drop: { fraction: 0.4 } });
  expect(plan.dropped).toHaveLength(2);
  expect([...idsOf(plan), ...(plan.dropped ?? [])].sort()).toEqual([...cohort].sort());
  expect(planned({ drop: { fraction: 0.4 } })).toEqual(plan);
  const drops = [1, 2, 3, 4, 5].map((attempt) => String(planned({ drop: { fraction: 0.4 } }, {}, attempt).dropped));
  expect(new Set(drops).size).toBeGreaterThan(1);
});

test("a drop never leaves fewer devices than the rule of aggregation needs", () => {
  const changes = { aggregation: { name: "trimmedMean", numByzantine: 1 }, cohortSize: 5, quorum: 1 };
  expect(planned({ drop: { fraction: 0.9 } }, changes).tasks).toHaveLength(3); // 2 f + 1
});

test("under a skew training tasks name the α, and everything that a contribution is held to stays the same", () => {
  const { next, plain } = planWith({ skew: { dirichletAlpha: 0.25 } });
  if (!("tasks" in next)) throw new Error("nothing was planned");
  for (const [at, task] of next.tasks.entries()) {
    expect(task.spec).toEqual({ ...plain.tasks[at].spec, skew: { dirichletAlpha: 0.25 } });
    expect(task.expects).toEqual(plain.tasks[at].expects);
  }
});

test("in an open roster only devices that hold a share are skewed: own examples stay what they are", () => {
  const own = roster.map((device) => (device.id % 2 === 0 ? { ...device, share: device.id } : device));
  const run = { ...testRun({ ...settings, roster: "open" }), strategy: { name: "fedAvg", fineTuneEpochs: 0 } } as const;
  const state = fedAvg.init(run, testShape(1), paramsOf({ "prefix/0": [0.5, -1] }));
  const inForce = { ...nothingInForce, skew: { dirichletAlpha: 1 }, sampleFraction: 1 };
  const next = loopOrders({ inForce: () => inForce, latest: () => 1, whenChanged: () => Promise.resolve() }).plan({
    ...{ strategy: fedAvg, state, roster: own, random, attempt: 1 },
  });
  if (!("tasks" in next)) throw new Error("nothing was planned");
  for (const { deviceId, spec } of next.tasks) expect("skew" in spec, `device ${deviceId}`).toBe(deviceId % 2 === 0);
});

test("what a poisoned device sent is turned round and made larger, and nobody else's is touched", () => {
  const plan = planned({ poison: { deviceIds: [2, 7], factor: 3 }, sampleFraction: 1 });
  expect(
    plan.tasks
      .filter(({ poison }) => poison === 3)
      .map(({ deviceId }) => deviceId)
      .sort(),
  ).toEqual([2, 7]);
  const sent = trained(2, 7, 3, paramsOf({ "prefix/0": [0.25, -2] }));
  const counted = poisoned(sent, { poison: 3 });
  expect(counted.body.kind === "train" && valuesOf(counted.body.delta)).toEqual({ "prefix/0": [-0.75, 6] });
  expect(poisoned(sent, {})).toBe(sent);
});

test("whom a poisoning is about is drawn by seed and number of the order from those that are here", () => {
  const here = [3, 4, 5, 6, 7, 8, 9];
  const draws = Array.from({ length: 30 }, (_, number) => drawPoisoned(here, 2, { random, number }));
  expect(drawPoisoned(here, 2, { random, number: 4 })).toEqual(draws[4]);
  for (const ids of draws) expect(ids.length === 2 && ids[0] < ids[1] && ids[0] >= 3).toBe(true);
  expect(new Set(draws.map(String)).size).toBeGreaterThan(5);
  // somebody who comes may be drawn, and changes nothing for the others
  const more = drawPoisoned([...here, 10], 3, { random, number: 4 }).filter((id) => id !== 10);
  expect(more.filter((id) => draws[4].includes(id))).toEqual(draws[4]);
});

test("orders of the settings hold from their training round on, and what the operator orders lies over them", () => {
  const run = { ...testRun(settings), strategy: { name: "fedAvg", fineTuneEpochs: 0 } } as const;
  const first = fedAvg.init(run, testShape(1), paramsOf({ "prefix/0": [0.5, -1] }));
  const second = { ...first, values: { ...first.values, position: { ...first.values.position, round: 2 } } };
  const scheduled: ScheduledOrder[] = [
    { round: 2, order: { kind: "poison", numDevices: 2 } },
    { round: 2, order: { kind: "deadline", deadlineMs: 250 } },
  ];
  const planAt = (state: typeof first, given: Partial<GivenOrders> = {}) => {
    const orders = { scheduled, inForce: (from = nothingInForce) => from, latest: () => 0, whenChanged: () => Promise.resolve(), ...given };
    const next = loopOrders(orders).plan({ strategy: fedAvg, state, roster, random, attempt: 1 });
    if (!("tasks" in next)) throw new Error("nothing was planned");
    return next;
  };
  expect(planAt(first)).toEqual(planOf(fedAvg, first, roster, random, 1));
  expect(planAt(second).deadlineMs).toBe(250);
  const known = drawPoisoned(
    roster.map(({ id }) => id),
    2,
    { random, number: 2 },
  );
  for (const { deviceId, poison } of planAt(second).tasks) expect(poison).toBe(known.includes(deviceId) ? 5 : undefined);
  expect("orders" in planAt(second)).toBe(false);
  const takenBack = planAt(second, { inForce: (from = nothingInForce) => ({ ...from, deadline: null }), latest: () => 3 });
  expect([takenBack.deadlineMs, takenBack.orders]).toEqual([1000, 3]);
});

test("orders replace each other, and taking one back leaves the others", () => {
  const given = [
    { order: { kind: "drop", fraction: 0.3 } },
    { order: { kind: "pause" } },
    { order: { kind: "poison", numDevices: 2 }, poison: { deviceIds: [1, 4], factor: 6 } },
    { order: { kind: "drop", fraction: 0.5 } },
    { order: { kind: "deadline", deadlineMs: null } },
    { order: { kind: "takeBack", what: "poison" } },
    { order: { kind: "resume" } },
  ] as const;
  const after = (count: number) => given.slice(0, count).reduce<InForce>(inForceAfter, nothingInForce);
  expect(after(4)).toEqual({ ...nothingInForce, isPaused: true, drop: { fraction: 0.5 }, poison: { deviceIds: [1, 4], factor: 6 } });
  expect(after(7)).toEqual({ ...nothingInForce, drop: { fraction: 0.5 }, deadline: { deadlineMs: null } });
});
