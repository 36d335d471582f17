import { expect, test } from "vitest";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();
const labels = [
  { name: "happy", word: "happy" },
  { name: "sad", word: "sad" },
  { name: "angry", word: "angry" },
];
const run = tinyFedAvg({
  task: "labels/happy.sad.angry",
  labels,
  roster: "open",
  minDevices: 1,
  cohortSize: 2,
  quorum: 1,
  numRounds: 1,
  evaluateEvery: 1,
});

test("P-193 a run with labels takes nobody who asks for a share, and begins with one device that brings its texts", async () => {
  const coordinator = await scene.start(run);
  expect(await scene.join(coordinator, "shareless").when("refused")).toMatchObject({ rule: "P-193" });
  const pupil = scene.join(coordinator, "pupil", { hosting: "own", claims: () => 8, onTask: () => false });
  const { lease } = await pupil.when("task");
  expect(lease).toMatchObject({ stage: "train", round: 1, expects: { numExamples: 8 } });
});

test("P-132 an evaluation of typed texts counts at most what its device keeps back of them", async () => {
  const { coordinator, pupil, of } = await evaluating(11);
  expect(await pupil.call("submit", of(3))).toMatchObject({ ok: false, rule: "P-132" });
  expect(await pupil.call("submit", of(1, "validation"))).toMatchObject({ ok: false, rule: "P-132" });
  expect(await pupil.call("submit", of(2))).toMatchObject({ ok: true, value: { outcome: "accepted" } });
  const { steps } = await coordinator.whenDone();
  expect(steps.at(-1)?.evaluations).toContainEqual(
    expect.objectContaining({ protocol: "global", split: "test", numExamples: 2, accuracy: 1 }),
  );
});

test("P-121, P-132 a pupil who claims a million texts has the score of no more of them than count", async () => {
  const { pupil, of } = await evaluating(1_000_000, { maxCountedExamples: 40 });
  expect(await pupil.call("submit", of(250_000))).toMatchObject({ ok: false, rule: "P-132" });
  expect(await pupil.call("submit", of(11))).toMatchObject({ ok: false, rule: "P-132" });
  expect(await pupil.call("submit", of(10))).toMatchObject({ ok: true, value: { outcome: "accepted" } });
});

/** A pupil that was asked for an evaluation, and submissions with a given number of right answers. */
async function evaluating(numExamples: number, changes: Partial<typeof run> = {}) {
  const coordinator = await scene.start({ ...run, ...changes });
  const pupil = scene.join(coordinator, "pupil", {
    hosting: "own",
    claims: () => numExamples,
    onTask: ({ spec }) => spec.kind !== "evaluate",
  });
  const { lease } = await pupil.when("task", ({ lease: { spec } }) => spec.kind === "evaluate");
  const { header, ...submission } = await pupil.prepare(lease);
  if (header.kind !== "evaluate") throw new Error("an evaluation was asked for");
  const none = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  const of = (numTexts: number, counted: "test" | "validation" = "test") => {
    const some = [[numTexts, 0, 0], ...none.slice(1)];
    const results = header.results.map(({ protocol, split }) => ({
      protocol,
      split,
      lossSum: 1.5,
      confusion: split === counted ? some : none,
    }));
    return { ...submission, header: { ...header, results } };
  };
  return { coordinator, pupil, of };
}

test("P-193 labels that are equal but for case, one label, a fixed roster or helpers are refused with the settings", async () => {
  const refused = async (changes: Partial<typeof run>, why: string) =>
    expect(scene.start({ ...run, ...changes }, { runId: "refused" })).rejects.toThrow(why);
  await refused({ labels: [...labels, { name: "HAPPY", word: "joy" }] }, "two labels are equal but for case");
  await refused({ labels: labels.slice(0, 1) }, "labels");
  await refused({ roster: "fixed" }, "give an open roster and no helpers");
  await refused({ helpers: { fillTo: 3 } }, "give an open roster and no helpers");
});
