import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import type { Device } from "../task.ts";
import { testRun } from "../testing/run.ts";
import { type Cohort, closingOf, firstInOrder, onePerShare, sampleCohort, wholeRoster } from "./cohort.ts";

const device = (id: number, share?: number, isConnected = true): Device => ({
  id,
  numExamples: 10 + id,
  isConnected,
  ...(share === undefined ? {} : { share }),
});
const situation = (roster: readonly Device[], changes = {}) => ({
  run: testRun({ roster: "open", minDevices: 2, cohortSize: 2, numDevices: 3, ...changes }),
  roster,
  random: createRandom(7),
  stage: "train" as const,
  round: 1,
  attempt: 1,
});

const withIds = (chosen: Cohort | { waiting: string }) =>
  "waiting" in chosen ? chosen : { ...chosen, devices: chosen.devices.map(({ id }) => id) };

test("of devices that hold one share the first that is connected evaluates, and all with examples of their own", () => {
  const roster = [device(0, 1), device(1), device(2, 1), device(3, 0), device(4, 2, false), device(5, 0), device(6, 2), device(7)];
  expect(withIds(onePerShare(situation(roster)))).toEqual({ devices: [0, 1, 3, 6, 7], numDevices: 5 });
  expect(withIds(wholeRoster(situation(roster)))).toEqual({ devices: [0, 1, 2, 3, 5, 6, 7], numDevices: 8 });
});

test("a share whose holders are all away is missing from what an evaluation covers", () => {
  expect(withIds(onePerShare(situation([device(0, 0), device(1, 1, false), device(2, 2)])))).toEqual({ devices: [0, 2], numDevices: 3 });
});

test("in a fixed roster every device evaluates", () => {
  const roster = [device(0), device(1), device(2)];
  const fixed = situation(roster, { roster: "fixed", minDevices: 3, cohortSize: 3 });
  expect(withIds(onePerShare(fixed))).toEqual({ devices: [0, 1, 2], numDevices: 3 });
  expect(onePerShare(fixed)).toEqual(wholeRoster(fixed));
});

const ids = (chosen: Cohort | { waiting: string }) => ("waiting" in chosen ? [] : chosen.devices.map(({ id }) => id));
const asked = (trials: readonly (Device["trial"] | null)[], changes = {}) =>
  sampleCohort(
    situation(
      trials.map((trial, id) => ({ ...device(id), ...(trial == null ? {} : { trial }) })),
      changes,
    ),
  );

test("a cohort without devices on trial is as it always was, and says nothing of when its step closes", () => {
  const cohort = asked([null, null, null, null]);
  expect(ids(cohort)).toHaveLength(2);
  expect(closingOf(cohort as Cohort)).toEqual({});
});

test("over-selection asks ceil(1.3 S) devices, of whom the first S contributions close the step; a smaller roster is asked whole", () => {
  const cohort = asked(Array(20).fill(null), { cohortSize: 10, overSelection: 1.3 });
  expect([ids(cohort).length, closingOf(cohort as Cohort)]).toEqual([13, { closesAt: 10 }]);
  expect(ids(cohort).slice(0, 10)).toEqual(ids(asked(Array(20).fill(null), { cohortSize: 10 })));
  const small = asked(Array(4).fill(null), { cohortSize: 10, overSelection: 1.3, quorum: 0.1 });
  expect([ids(small).length, closingOf(small as Cohort)]).toEqual([4, { closesAt: 4 }]);
});

test("each device on trial in a cohort has a proven one asked beside it, and the step waits for neither", () => {
  const trials = Array.from({ length: 30 }, (_, id) => (id % 3 === 0 ? ("new" as const) : null));
  const cohort = asked(trials, { cohortSize: 6 }) as Cohort;
  const drawn = ids(cohort).slice(0, 6);
  const tried = drawn.filter((id) => id % 3 === 0);
  expect(tried.length).toBeGreaterThan(0);
  const spare = ids(cohort).slice(6);
  expect(spare).toHaveLength(tried.length);
  expect(spare.every((id) => id % 3 !== 0)).toBe(true);
  expect(closingOf(cohort)).toEqual({ closesAt: 6, optional: [...tried, ...spare] });
});

test("where nobody is proven four are asked for one that is needed, and those that failed are not hoped for", () => {
  const fresh = asked(Array(40).fill("new"), { cohortSize: 3 }) as Cohort;
  expect([ids(fresh).length, fresh.closesAt]).toEqual([12, 3]);
  const failed = asked(["new", "failed", "failed", "failed"], { cohortSize: 3, quorum: 0.1 }) as Cohort;
  expect([ids(failed).length, failed.closesAt, failed.optional?.length]).toEqual([4, 1, 4]);
});

test("a step for everybody waits for newcomers and not for those that failed, unless there are no others", () => {
  const roster = (trials: readonly Device["trial"][]) =>
    trials.map((trial, id) => ({ ...device(id), ...(trial === undefined ? {} : { trial }) }));
  expect((wholeRoster(situation(roster([undefined, "new", "failed", "failed"]))) as Cohort).optional).toEqual([2, 3]);
  expect((onePerShare(situation(roster(["failed", "failed", "failed"]))) as Cohort).optional).toBeUndefined();
});

test("a prober that failed comes after all that did not", () => {
  const roster = Array.from({ length: 5 }, (_, id) => ({ ...device(id), ...(id < 2 ? { trial: "failed" as const } : {}) }));
  expect(ids(firstInOrder(situation(roster), [1, 3], 2))[0]).toBe(3);
  expect(ids(firstInOrder(situation(roster), [0, 1], 3)).every((id) => id > 1)).toBe(true);
});

test("P-130: under a rule a step hopes for the quorum of a whole cohort at least, so that no trial leaves the rule fewer updates than it needs", () => {
  const trials = ["new", "failed", "failed", "failed", "failed"] as const;
  const sizes = { minDevices: 5, cohortSize: 5, quorum: 0.8 };
  const plain = asked(trials, sizes) as Cohort;
  expect([ids(plain).length, plain.closesAt]).toEqual([5, 1]);
  const ruled = asked(trials, { ...sizes, aggregation: { name: "trimmedMean", numByzantine: 1 } }) as Cohort;
  expect([ids(ruled).length, ruled.closesAt]).toEqual([5, 4]); // of 4 the quorum is 4, and 3 are enough for the rule
});
