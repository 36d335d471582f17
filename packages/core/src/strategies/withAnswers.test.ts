import { expect, test } from "vitest";
import { computeDeviceId } from "../computing.ts";
import { createRandom } from "../random.ts";
import { type RoundEvent, runRounds } from "../rounds.ts";
import { paramsOf, rosterOf, testRun, testShape, valuesOf } from "../testing/run.ts";
import { createSimulatedDevices, syntheticProblem } from "../testing/simulatedDevices.ts";
import { type Answer, createSimulatedPool } from "../testing/simulatedPool.ts";
import { fedAvg } from "./fedAvg.ts";
import type { Strategy, StrategyRun } from "./strategy.ts";
import { answersDeadlineMs, withAnswers } from "./withAnswers.ts";

const initial = paramsOf({ "prefix/0": [0.5, -1], "prefix/1": [0.25, 1] });
const shape = testShape(2);
const run: StrategyRun = {
  ...testRun({ numDevices: 2, minDevices: 2, cohortSize: 2, numRounds: 2, evaluateEvery: 2, paramsEncoding: "f16" }),
  strategy: { ...fedAvg.defaults },
  generation: { maxNewTokens: 7 },
};
const roster = rosterOf([4, 6]);
const plain = fedAvg as unknown as Strategy;
const wanting = (isWanted: () => boolean) => withAnswers(plain, run, { numTexts: 5, isWanted });

/** Every event of a run whose devices answer, and whose compute client does as `computed` has it. */
async function eventsOf(strategy: Strategy, computed: (answer: Answer) => Answer = (answer) => answer): Promise<RoundEvent[]> {
  const devices = createSimulatedDevices(syntheticProblem(11, initial, [4, 6]));
  const answering = computed(devices.answer);
  const pool = createSimulatedPool(roster, (plan, task) => (task.spec.kind === "answers" ? answering : devices.answer)(plan, task));
  const events: RoundEvent[] = [];
  for await (const event of runRounds({ strategy, state: strategy.init(run, shape, initial), pool, random: createRandom(1) }))
    events.push(event);
  return events;
}

const kindsOf = (events: readonly RoundEvent[]) =>
  events.flatMap((event) => (event.kind === "planned" ? [`${event.plan.round}.${event.plan.step} ${event.plan.tasks[0]?.spec.kind}`] : []));
const endOf = (events: readonly RoundEvent[]) => {
  const last = events.at(-1);
  return last?.kind === "done" ? valuesOf(plain.globalParams(last.state)) : null;
};

test("when all rounds are over a compute client gets one task more, with what a newcomer gets as devices decode it, and no parameter changes", async () => {
  const events = await eventsOf(wanting(() => true));
  expect(kindsOf(events)).toEqual(["1.1 train", "2.1 train", "2.2 evaluate", "2.3 answers"]);
  const planned = events.flatMap((event) => (event.kind === "planned" ? [event.plan] : [])).at(-1);
  expect(planned).toMatchObject({ deadlineMs: answersDeadlineMs, quorum: 1, numDevices: 1, attempt: 1 });
  expect(planned?.tasks).toEqual([
    {
      deviceId: computeDeviceId,
      spec: { kind: "answers", numTexts: 5, maxNewTokens: 7 },
      parameterSets: { global: 0 },
      expects: { shapes: {}, encoding: "f32", batchSize: run.training.batchSize, numExamples: 1 },
    },
  ]);
  const without = await eventsOf(plain);
  expect(endOf(events)).toEqual(endOf(without));
  expect(planned?.payloads.map(valuesOf)).toEqual([endOf(without)]); // W is kept as devices decode it
});

test("where no compute client is there, or the report wants none, the run ends without the task", async () => {
  const asked: string[] = [];
  const absent = wanting(() => {
    asked.push("once");
    return false;
  });
  expect(kindsOf(await eventsOf(absent))).toEqual(["1.1 train", "2.1 train", "2.2 evaluate"]);
  expect(asked).toEqual(["once"]);
  expect(kindsOf(await eventsOf(withAnswers(plain, run, null)))).toEqual(["1.1 train", "2.1 train", "2.2 evaluate"]);
});

test("a compute client that does not answer in time, or declines, does not keep the run from its end", async () => {
  for (const outcome of ["silent", { kind: "declined", reason: "no room" }, { kind: "left" }] as const) {
    const events = await eventsOf(
      wanting(() => true),
      () => () => outcome,
    );
    expect(events.slice(-3).map(({ kind }) => kind)).toEqual(["planned", "repeated", "done"]);
  }
});

test("a run that has its answers is asked for no more, and a branch of it wants its own", async () => {
  const strategy = wanting(() => true);
  const last = (await eventsOf(strategy)).at(-1);
  if (last?.kind !== "done") throw new Error("the run is not done");
  expect(strategy.plan(last.state, roster, createRandom(1), 1)).toEqual({ done: true });
  const branched = strategy.branch?.(last.state, { ...run, numRounds: 3 }, 2);
  expect(branched?.values).not.toHaveProperty("hasAnswers");
  expect(strategy.plan(last.state, roster, createRandom(1), 1)).toEqual({ done: true });
});
