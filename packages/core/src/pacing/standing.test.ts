import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import type { RoundPlan } from "../task.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import { rosterOf } from "../testing/run.ts";
import { freshStanding, hasResting, type Standing, standingAfter, withStanding } from "./standing.ts";

type Kind = TaskOutcome["kind"];

/** A step with these devices, those after the bar as optional ones. */
function planFor(ids: readonly number[], optional: readonly number[] = []): RoundPlan {
  const expects = { shapes: {}, encoding: "f32", batchSize: 4, numExamples: 3 } as const;
  const spec = { kind: "train", warmupSteps: 0, epochs: 1, isPersonalised: false } as const;
  const tasks = ids.map((deviceId) => ({ deviceId, spec, parameterSets: {}, expects }));
  return { stage: "train", round: 1, step: 1, attempt: 1, payloads: [], tasks, deadlineMs: 1000, quorum: 1, numDevices: 4, optional };
}

function after(standing: Standing, kinds: Readonly<Record<number, Kind>>, optional: readonly number[] = [], maxSteps = 8): Standing {
  const ids = Object.keys(kinds).map(Number);
  const outcomes = new Map(ids.map((id) => [id, { kind: kinds[id], reason: "" } as TaskOutcome]));
  return standingAfter(standing, planFor(ids, optional), outcomes, maxSteps);
}

const roster = rosterOf([3, 5, 2, 4]);
const seen = (standing: Standing) =>
  withStanding(roster, standing).map(({ hasLeft, trial }) => (hasLeft === true ? "rests" : (trial ?? "proven")));

test("nobody is proven at first, who contributes is, and who leaves or was not needed stays what it was", () => {
  expect(seen(freshStanding)).toEqual(["new", "new", "new", "new"]);
  const one = after(freshStanding, { 0: "contributed", 1: "contributed", 2: "left" });
  expect(seen(one)).toEqual(["proven", "proven", "new", "new"]);
  expect(seen(after(one, { 0: "unneeded", 1: "left" }))).toEqual(["proven", "proven", "new", "new"]);
});

test("a device that is late or declines rests for 2 steps, then 4, then 8, and no longer than the longest rest", () => {
  let standing = freshStanding;
  const rests: number[] = [];
  for (const kind of ["late", "declined", "late", "late"] as const) {
    standing = after(standing, { 0: "contributed", 3: kind });
    let numRested = 0;
    while (seen(standing)[3] === "rests") {
      numRested += 1;
      standing = after(standing, { 0: "contributed" });
    }
    rests.push(numRested);
    expect(seen(standing)[3]).toBe("failed");
  }
  expect(rests).toEqual([2, 4, 8, 8]);
});

test("one contribution ends the doubling and makes a device proven", () => {
  let standing = after(freshStanding, { 3: "late" });
  standing = after(after(after(standing, { 3: "late" }), {}), { 3: "contributed" });
  expect(standing.devices[3]).toEqual({ contributedIn: 4, failures: 0, restsUntil: 0 });
  expect(seen(standing)[3]).toBe("proven");
});

test("who was asked on trial and has not answered when the step could close rests, a proven device does not", () => {
  const one = after(freshStanding, { 0: "contributed", 1: "contributed" });
  expect(seen(after(one, { 0: "contributed", 1: "unneeded", 2: "unneeded" }, [1, 2]))).toEqual(["proven", "proven", "rests", "new"]);
});

test("where a step waited for its deadline, everybody that did not contribute to it is on trial again: the silent are paid for once", () => {
  const all = after(freshStanding, { 0: "contributed", 1: "contributed", 2: "contributed", 3: "contributed" });
  const ranOut = after(all, { 0: "contributed", 1: "late" });
  expect(seen(ranOut)).toEqual(["proven", "rests", "new", "new"]);
  expect(seen(after(ranOut, { 0: "contributed", 2: "contributed" }))).toEqual(["proven", "rests", "proven", "new"]);
});

test("a device that the step did not wait for makes nobody else doubtful by being late", () => {
  const all = after(freshStanding, { 0: "contributed", 1: "contributed", 2: "contributed" });
  expect(seen(after(all, { 0: "contributed", 3: "late" }, [3]))).toEqual(["proven", "proven", "proven", "rests"]);
});

test("a rest that is not kept leaves its device on trial, and who rests is known", () => {
  const standing = after(freshStanding, { 0: "contributed", 2: "late" });
  expect(withStanding(roster, standing, false)[2]).toEqual({ ...roster[2], trial: "failed" });
  expect([hasResting(roster, standing), hasResting(roster.slice(0, 2), standing)]).toEqual([true, false]);
});

test("whatever happens, nobody rests longer than the longest rest, proven devices do not rest, and JSON keeps all of it", () => {
  const random = createRandom(9).stream({ purpose: "outcomes" });
  const kinds = ["contributed", "late", "declined", "left", "unneeded"] as const;
  let standing = freshStanding;
  for (let i = 0; i < 400; i++) {
    const asked = roster.filter(() => random.integer(2) === 0).map(({ id }) => [id, kinds[random.integer(kinds.length)]] as const);
    standing = after(
      standing,
      Object.fromEntries(asked),
      asked.slice(1).map(([id]) => id),
      4,
    );
    expect(standing.numSteps).toBe(i + 1);
    for (const { restsUntil, failures } of Object.values(standing.devices)) {
      expect(restsUntil - standing.numSteps).toBeLessThanOrEqual(4);
      if (failures === 0) expect(restsUntil).toBe(0);
    }
    expect(JSON.parse(JSON.stringify(standing))).toEqual(standing);
  }
});
