import type { ContributionBody, DeviceId, Params } from "@tutti/core";
import type { DeviceSource, Trainer, TrainerTask } from "@tutti/model";
import type { AttackPlan } from "@tutti/record";
import { expect, test } from "vitest";
import { attackingTrainer } from "./attackingTrainer.ts";

const deltaOf = (values: readonly number[]): Params => ({ w: { shape: [values.length], data: Float32Array.from(values) } });

/** Device i holds 10 + i examples and its honest difference is (i, 10 i), or 1000 where it has a past. */
function honestTrainer() {
  const asked: { readonly deviceId: DeviceId; readonly numExamples: number; readonly isFresh: boolean }[] = [];
  const added: [DeviceId, DeviceSource][] = [];
  const trainer = {
    async addDevice(deviceId, source) {
      added.push([deviceId, source]);
      return { numExamples: 10 + deviceId };
    },
    async compute({ deviceId, spec, expects }, state) {
      asked.push({ deviceId, numExamples: expects.numExamples, isFresh: state === null });
      const delta = state === null ? deltaOf([deviceId, 10 * deviceId]) : deltaOf([1000, 1000]);
      const body: ContributionBody =
        spec.kind === "score"
          ? { kind: "score", layerScores: [2, 3, null] }
          : { kind: "train", delta, numSteps: 3, firstLoss: 1, lastLoss: 0.5 };
      return { body, state: { local: {}, moments: null, stageSteps: (state?.stageSteps ?? 0) + 3, stage: "train" } };
    },
  } as Pick<Trainer, "addDevice" | "compute"> as Trainer;
  return { trainer, asked, added };
}

const plan = (more: Partial<AttackPlan>): AttackPlan => ({ kind: "labelFlip", fraction: 0.4, seed: 1, ...more });
const order = (more: Partial<AttackPlan>) => ({ plan: plan(more), attackers: [1, 3], cohortSize: 5, numClasses: 4 });

function taskOf(deviceId: DeviceId, more: Partial<TrainerTask> = {}): TrainerTask {
  return {
    deviceId,
    stage: "train",
    round: 1,
    attempt: 1,
    spec: { kind: "train", warmupSteps: 0, epochs: 2, isPersonalised: false },
    parameterSets: {},
    expects: { shapes: {}, encoding: "f16", batchSize: 8, numExamples: 10 + deviceId },
    ...more,
  };
}

async function sentBy(deviceId: DeviceId, more: Partial<AttackPlan>, task: Partial<TrainerTask> = {}) {
  const { trainer, asked, added } = honestTrainer();
  const attacking = attackingTrainer(trainer, order(more));
  await attacking.addDevice(deviceId, { kind: "share", index: deviceId });
  const { body } = await attacking.compute(taskOf(deviceId, task), null);
  const values = body.kind === "train" ? [...(body.delta.w?.data ?? [])] : [];
  return { body, values, asked, added };
}

test("an honest device's work goes through unchanged, whatever the attack", async () => {
  for (const kind of ["signFlip", "aLittleIsEnough", "gaussian", "backdoor"] as const)
    expect((await sentBy(2, { kind })).values).toEqual([2, 20]);
});

test("a sign flipper and a scaled backdoor send multiples of what they learnt, the latter by the cohort over the attackers", async () => {
  expect((await sentBy(3, { kind: "signFlip", factor: 4 })).values).toEqual([-12, -120]);
  expect((await sentBy(3, { kind: "backdoor" })).values).toEqual([7.5, 75]); // 5 / 2
  expect((await sentBy(3, { kind: "backdoor", factor: 2 })).values).toEqual([6, 60]);
});

test("colluders send one and the same update, made of what all of them learnt, wherever they are hosted", async () => {
  // devices 1 and 3: μ = (2, 20), σ = (1, 10)
  const first = await sentBy(1, { kind: "aLittleIsEnough", z: 1.5 });
  const second = await sentBy(3, { kind: "aLittleIsEnough", z: 1.5 });
  expect(first.values).toEqual([0.5, 5]);
  expect(second.values).toEqual(first.values);
  expect(first.added).toEqual([
    [1, { kind: "share", index: 1 }],
    [3, { kind: "share", index: 3 }],
  ]);
  expect((await sentBy(3, { kind: "minMax" })).values.map((value) => Number(value.toFixed(2)))).toEqual([1, 10]);
});

test("colluders on one client train once for each of them in a round, and again in the next", async () => {
  const { trainer, asked } = honestTrainer();
  const attacking = attackingTrainer(trainer, order({ kind: "minMax" }));
  for (const deviceId of [1, 2, 3]) await attacking.addDevice(deviceId, { kind: "share", index: deviceId });
  for (const deviceId of [1, 2, 3]) await attacking.compute(taskOf(deviceId), null);
  expect(asked.map(({ deviceId }) => deviceId)).toEqual([1, 3, 2, 3]);
  await attacking.compute(taskOf(1, { round: 2 }), null);
  expect(asked.map(({ deviceId }) => deviceId).slice(4)).toEqual([1, 3]);
});

test("a colluder with a past of its own shares what a device without one learns", async () => {
  const { trainer } = honestTrainer();
  const attacking = attackingTrainer(trainer, order({ kind: "aLittleIsEnough", z: 1.5 }));
  const personalised = taskOf(3, { spec: { kind: "train", warmupSteps: 0, epochs: 2, isPersonalised: true } });
  const { body } = await attacking.compute(personalised, { local: {}, moments: null, stageSteps: 4 });
  expect(body.kind === "train" && [...(body.delta.w?.data ?? [])]).toEqual([0.5, 5]);
});

test("who claims more examples than it holds still trains on those, and counts the steps of the claim", async () => {
  const { trainer, asked } = honestTrainer();
  const attacking = attackingTrainer(trainer, order({ kind: "falseExamples", factor: 10 }));
  expect(await attacking.addDevice(3, { kind: "share", index: 3 })).toEqual({ numExamples: 130 });
  expect(await attacking.addDevice(2, { kind: "share", index: 2 })).toEqual({ numExamples: 12 });
  const claimed = taskOf(3, { expects: { shapes: {}, encoding: "f16", batchSize: 8, numExamples: 130 } });
  const { body, state } = await attacking.compute(claimed, null);
  expect(asked).toEqual([{ deviceId: 3, numExamples: 13, isFresh: true }]);
  expect(body).toMatchObject({ numSteps: 34 }); // 2 · ⌈130 / 8⌉
  expect(state).toMatchObject({ stageSteps: 34 });
});

test("who lies about layers turns the order of its scores round, and trains as the others do", async () => {
  const spec = { kind: "score", selector: "score", minBatch: 8, dropout: false, maskPadding: true, scoreLastLayer: false } as const;
  expect((await sentBy(3, { kind: "falseScores", factor: 100 }, { spec, stage: "score" })).body).toEqual({
    kind: "score",
    layerScores: [300, 200, null],
  });
  expect((await sentBy(3, { kind: "falseScores", factor: 100 })).values).toEqual([3, 30]);
});

test("Gaussian noise differs from device to device and round to round, and is the same when a task is done again", async () => {
  const noise = async (deviceId: DeviceId, round: number) => (await sentBy(deviceId, { kind: "gaussian", stdDev: 1 }, { round })).values;
  const [first, again, other, later] = [await noise(1, 1), await noise(1, 1), await noise(3, 1), await noise(1, 2)];
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
  expect(later).not.toEqual(first);
});
