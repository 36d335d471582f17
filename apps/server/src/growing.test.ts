import { expect, test } from "vitest";
import { memoryStore } from "./journal/keyValueStore.ts";
import { callRates, refusalRate } from "./limits/callRates.ts";
import { manualClock } from "./testing/manualClock.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();
const run = tinyFedAvg({ roster: "open", numDevices: 2, minDevices: 1, cohortSize: 2, quorum: 1, numRounds: 3, evaluateEvery: 3 });

/** A pupil with own examples, who holds the task of round 2 until `go` is called. */
async function typing(store = memoryStore(), runId = "typing") {
  const coordinator = await scene.start(run, { runId }, { store });
  let go: () => void = () => undefined;
  const told = new Promise<void>((resolve) => {
    go = resolve;
  });
  const pupil = scene.join(coordinator, "pupil", {
    hosting: "own",
    claims: () => 9,
    onTask: async ({ round }) => {
      if (round === 2) await told;
      return true;
    },
  });
  await pupil.when("task", ({ lease }) => lease.round === 2);
  const register = (numExamples: number) => pupil.call("register", { devices: [{ deviceId: 0, numExamples }] });
  return { coordinator, pupil, register, go };
}

const numbersOf = (plan: { readonly tasks: readonly { readonly expects: { readonly numExamples: number } }[] }) =>
  plan.tasks.map(({ expects }) => expects.numExamples);

test("P-14 own examples may grow between tasks: the lease that is out keeps its number, the next plan has the new one", async () => {
  const { coordinator, pupil, register, go } = await typing();
  expect(await register(14)).toEqual({ ok: true, value: {} });
  expect(await register(12)).toEqual({ ok: true, value: {} });
  go();
  const submitted = await pupil.when("submitted", ({ lease }) => lease.round === 2);
  expect(submitted.lease.expects.numExamples).toBe(9);
  expect(submitted.outcome).toMatchObject({ ok: true, value: { outcome: "accepted" } });
  const { plan } = await coordinator.when("closed", ({ plan: { round } }) => round === 3);
  expect(numbersOf(plan)).toEqual([12]);
  const { steps } = await coordinator.whenDone();
  expect(steps.filter(({ kind }) => kind === "train").every(({ counted }) => counted.length === 1)).toBe(true);
});

test("P-14 a new number is journalled: after a coordinator that is killed the next plan has it, and the bits are the same", async () => {
  const whole = await typing();
  await whole.register(14);
  whole.go();
  const expected = await whole.coordinator.whenDone();
  const store = memoryStore();
  const { coordinator, pupil, register, go } = await typing(store, "killed");
  await register(14);
  await coordinator.close();
  const again = await scene.start(run, { runId: "killed" }, { store });
  pupil.close();
  go();
  scene.join(again, "pupil", { kept: pupil.kept, hosting: "own", claims: () => 14 });
  const { plan } = await again.when("closed", ({ plan: { round } }) => round === 3);
  expect(numbersOf(plan)).toEqual([14]);
  expect((await again.whenDone()).parametersSha256).toBe(expected.parametersSha256);
});

test("P-142, P-143 who names a device of nobody's beside its own is not given the call back: numbers are not changed, and journalled, without end", async () => {
  const coordinator = await scene.start(run, { runId: "fast" }, { clock: manualClock() });
  const pupil = scene.join(coordinator, "pupil", { hosting: "own", claims: () => 9, onTask: () => false });
  await pupil.when("registered");
  const change = (numExamples: number, ...others: readonly number[]) =>
    pupil.call("register", { devices: [{ deviceId: 0, numExamples }, ...others.map((deviceId) => ({ deviceId, numExamples: 1 }))] });
  const named = await Promise.all(Array.from({ length: 100 }, (_, at) => change(1 + at, 99)));
  expect(named.every(({ ok }) => ok)).toBe(true);
  const left = callRates.register.burst - named.length;
  const alone = await Promise.all(Array.from({ length: left + 1 }, (_, at) => change(1 + at)));
  expect(alone.slice(0, -1).every(({ ok }) => ok)).toBe(true);
  expect(alone.at(-1)).toMatchObject({ ok: false, rule: "P-142" });
});

test("P-143 who has devices refused again and again in registrations that are taken in part is closed", async () => {
  const coordinator = await scene.start(run, { runId: "again" }, { clock: manualClock() });
  const pupil = scene.join(coordinator, "pupil", { hosting: "own", claims: () => 9, onTask: () => false });
  await pupil.when("registered");
  const devices = [{ deviceId: 0, numExamples: 9 }, ...Array.from({ length: 50 }, (_, at) => ({ deviceId: 100 + at, numExamples: 1 }))];
  const answers = Array.from({ length: refusalRate.burst + 1 }, () => pupil.call("register", { devices }));
  expect((await pupil.when("disconnected")).reason).toBe("io server disconnect");
  await Promise.all(answers);
});

test("P-14 nobody else changes the number, and one that is out of bounds changes nothing", async () => {
  const { coordinator, register, go } = await typing();
  expect(await register(0)).toMatchObject({ ok: false, rule: "P-3" });
  expect(await register(1_000_001)).toMatchObject({ ok: false, rule: "P-3" });
  const stranger = scene.join(coordinator, "stranger", { hosting: "own" });
  await stranger.when("registered");
  expect(await stranger.call("register", { devices: [{ deviceId: 0, numExamples: 77 }] })).toMatchObject({ ok: false, rule: "P-14" });
  go();
  const { plan } = await coordinator.when("closed", ({ plan: { round } }) => round === 3);
  expect(plan.tasks.find(({ deviceId }) => deviceId === 0)?.expects.numExamples).toBe(9);
});
