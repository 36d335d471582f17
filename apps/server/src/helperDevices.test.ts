import { expect, test, vi } from "vitest";
import { memoryStore } from "./journal/keyValueStore.ts";
import { createScene, type WatchedCoordinator } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();
/** Helpers fill up to three devices, and everybody trains in each round. */
const run = tinyFedAvg({
  roster: "open",
  numDevices: 8,
  minDevices: 1,
  cohortSize: 8,
  quorum: 1,
  numRounds: 4,
  evaluateEvery: 4,
  helpers: { fillTo: 3 },
});

const cohortOf = ({ cohort }: { readonly cohort: readonly number[] }) => [...cohort].sort((a, b) => a - b);

async function withHelpers(coordinator: WatchedCoordinator, count: number) {
  const { helperToken } = coordinator;
  if (helperToken === null) throw new Error("a run with helpers has a token for them");
  const helpers = [];
  for (let i = 0; i < count; i++) {
    const helper = scene.join(coordinator, `helper${i}`, { helperToken });
    await helper.when("registered");
    helpers.push(helper);
  }
  return helpers;
}

test("P-192 helpers alone begin nothing; with the first person they fill the round at once", async () => {
  const coordinator = await scene.start(run);
  await withHelpers(coordinator, 3);
  expect(coordinator.status()).toMatchObject({
    phase: "waiting",
    message: "the run begins when the first person joins",
    helpers: { numConnected: 3, numTraining: 0 },
  });
  scene.join(coordinator, "pupil");
  const { steps } = await coordinator.whenDone();
  expect(steps.filter(({ kind }) => kind === "train").map(cohortOf)).toEqual(Array(4).fill([0, 1, 3]));
});

test("P-192 each person takes the place of a helper from the next plan on, and at the end only people train", async () => {
  const coordinator = await scene.start(run);
  await withHelpers(coordinator, 2);
  const hold: (() => void)[] = [];
  const first = scene.join(coordinator, "first", {
    onTask: async () => {
      await new Promise<void>((resolve) => hold.push(resolve));
      return true;
    },
  });
  const next = async () => {
    await vi.waitFor(() => expect(hold.length).toBe(1), { interval: 2 });
    hold.pop()?.();
  };
  await first.when("task");
  await scene.join(coordinator, "second").when("registered");
  expect(coordinator.status().helpers).toEqual({ numConnected: 2, numTraining: 1 });
  await next();
  await first.when("task", ({ lease }) => lease.round === 2);
  await scene.join(coordinator, "third").when("registered");
  for (let i = 0; i < 4; i++) await next(); // three rounds, and the evaluation
  const { steps } = await coordinator.whenDone();
  expect(steps.map(cohortOf)).toEqual([
    [0, 1, 2],
    [0, 2, 3],
    [2, 3, 4],
    [2, 3, 4],
    [2, 3, 4],
  ]);
});

test("P-192 nobody is a helper without the run's token, and a run without helpers has none", async () => {
  const coordinator = await scene.start(run);
  const stranger = scene.join(coordinator, "stranger", { helperToken: "I am a helper, believe me" });
  expect(await stranger.when("refused")).toMatchObject({ rule: "P-192", message: "the helper token is not this run's" });
  const plain = await scene.start(tinyFedAvg());
  expect(plain.helperToken).toBeNull();
  const lost = scene.join(plain, "lost", { helperToken: coordinator.helperToken ?? "" });
  expect(await lost.when("refused")).toMatchObject({ rule: "P-192" });
});

test("P-192 who came as a helper stays one: without the token it cannot come back as a person", async () => {
  const coordinator = await scene.start(run);
  const [helper] = await withHelpers(coordinator, 1);
  helper?.close();
  await vi.waitFor(() => expect(coordinator.status().helpers?.numConnected).toBe(0), { interval: 2 });
  await scene.join(coordinator, "helper0", { ...(helper === undefined ? {} : { kept: helper.kept }) }).when("registered");
  expect(coordinator.clients()).toMatchObject([{ isHelper: true }]);
  expect(coordinator.status().phase).toBe("waiting");
});

test("P-192 after a restart the helpers are known, and the same roster history gives the same bits", async () => {
  const played = async (restartsAfterRound: number | null) => {
    const store = memoryStore();
    let coordinator = await scene.start(run, { runId: `played-${restartsAfterRound}` }, { store });
    const helpers = await withHelpers(coordinator, 2);
    let pupil = scene.join(coordinator, "pupil");
    if (restartsAfterRound !== null) {
      await coordinator.when("closed", ({ plan }) => plan.round === restartsAfterRound);
      for (const client of [...helpers, pupil]) client.close();
      await coordinator.close();
      coordinator = await scene.start(run, { runId: `played-${restartsAfterRound}` }, { store });
      expect(coordinator.clients().map(({ isHelper }) => isHelper)).toEqual([true, true, false]);
      for (const { kept } of helpers) scene.join(coordinator, "", { kept, helperToken: coordinator.helperToken ?? "" });
      await vi.waitFor(() => expect(coordinator.status().helpers?.numConnected).toBe(2), { interval: 2 });
      pupil = scene.join(coordinator, "", { kept: pupil.kept });
    }
    return coordinator.whenDone();
  };
  const [whole, resumed] = [await played(null), await played(2)];
  expect(resumed.steps.map(({ cohort }) => cohort)).toEqual(whole.steps.map(({ cohort }) => cohort));
  expect(resumed.parametersSha256).toBe(whole.parametersSha256);
});
