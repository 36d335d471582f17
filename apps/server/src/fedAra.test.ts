import { type RunSettings, strategies, tunings } from "@tutti/core";
import type { Submit, TaskLease } from "@tutti/protocol";
import { expect, test } from "vitest";
import { cutRun } from "./testing/cutRun.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();

/** Three layers of four matrices each, of rank 4: 48 components, of which 12 are left after round 5. */
function runOf(changes: Partial<RunSettings> = {}): RunSettings {
  const { promptDropout, positionsAfterPrefix, lossOver, head } = tinyFedAvg().tuning;
  return tinyFedAvg({
    tuning: { ...tunings.svdLora.defaults, rank: 4, promptDropout, positionsAfterPrefix, lossOver, head },
    strategy: { ...strategies.fedAra.defaults, targetRank: 1 },
    numDevices: 4,
    minDevices: 4,
    cohortSize: 4,
    numRounds: 6,
    evaluateEvery: 3,
    quorum: 1,
    ...changes,
  });
}

const componentsOf = ({ expects }: Pick<TaskLease, "expects">) =>
  Object.entries(expects.shapes).reduce((sum, [name, [size = 0]]) => sum + (name.endsWith("/e") ? size : 0), 0);

test("rounds shrink on the wire, up and down, as components die (P-235)", async () => {
  const coordinator = await scene.start(runOf(), { expectedClients: 1 });
  const leases: TaskLease[] = [];
  const onTask = (lease: TaskLease) => {
    leases.push(lease);
    return true;
  };
  scene.join(coordinator, "a", { onTask });
  const { steps, globalParams, summary } = await coordinator.whenDone();
  const inRound = (round: number) => leases.filter(({ spec, round: own }) => spec.kind === "train" && own === round);
  // 12 + 36 · (3/4)³, 12 + 36/8, 12 + 36/64, 12
  expect([1, 2, 3, 4, 5, 6].map((round) => inRound(round).map(componentsOf))).toEqual(
    [48, 48, 27, 16, 12, 12].map((count) => [count, count, count, count]),
  );
  for (const { spec } of inRound(3)) expect(spec).toMatchObject({ kind: "train", hasOwnRanks: true, scoresComponents: true });
  for (const { spec } of [...inRound(1), ...inRound(5), ...inRound(6)]) expect(spec).not.toHaveProperty("scoresComponents");
  const trained = steps.filter(({ kind }) => kind === "train");
  const bytesIn = (round: number) => trained.find((step) => step.round === round);
  const [whole, last] = [bytesIn(1), bytesIn(6)];
  if (whole === undefined || last === undefined) throw new Error("six rounds are trained");
  expect(last.bytesUp).toBeLessThan(0.75 * whole.bytesUp); // tensors this small are mostly names and messages
  expect(last.bytesDown).toBeLessThan(whole.bytesDown);
  const sizes = [1, 3, 4, 5].map((round) => inRound(round)[0]?.parameterSets.global?.numBytes ?? 0);
  expect(sizes).toEqual([...sizes].sort((x, y) => y - x));
  expect(sizes[3]).toBeLessThan(0.6 * (sizes[0] ?? 0));
  const evaluated = leases.filter(({ spec }) => spec.kind === "evaluate").map(({ parameterSets }) => parameterSets.global?.numBytes ?? 0);
  expect(Math.max(...evaluated.slice(4))).toBeLessThan(Math.min(...evaluated.slice(0, 4)));
  const alive = Object.entries(globalParams).flatMap(([name, { data }]) => (name.endsWith("/e") ? [...data] : []));
  expect(alive.filter((value) => value !== 0)).toHaveLength(12);
  expect(summary.evaluations).toHaveLength(2);
});

test("scores of components that were not asked for, are missing, of another number or below 0 are refused, and the device may send others (P-236)", async () => {
  const run = runOf({
    strategy: { ...strategies.fedAra.defaults, targetRank: 1, warmupRounds: 0 },
    numDevices: 1,
    minDevices: 1,
    cohortSize: 1,
  });
  const coordinator = await scene.start(run, { expectedClients: 1 });
  let numTasks = 0;
  const client = scene.join(coordinator, "a", { onTask: ({ spec }) => spec.kind === "train" && ++numTasks > 1 });
  const { lease } = await client.when("task");
  const right = (await client.prepare(lease)) as Submit & { readonly header: { readonly kind: "train" } };
  const scores = right.header.componentScores ?? {};
  const [first = "", second = ""] = Object.keys(scores);
  expect(first).toBe("svdLora/0/key/e");
  const { [second]: _, ...without } = scores;
  const refused: [unknown, string, RegExp][] = [
    [undefined, "P-236", /componentScores: are missing/],
    [without, "P-236", /componentScores: svdLora\/0\/output\/e has 0 of them, expected 4/],
    [{ ...scores, [first]: [1, 2, 3] }, "P-236", /componentScores: svdLora\/0\/key\/e has 3 of them, expected 4/],
    [{ ...scores, "svdLora/0/query/q": [1] }, "P-236", /componentScores: svdLora\/0\/query\/q is not a matrix of this task/],
    [{ ...scores, [first]: [1, 2, 3, -1] }, "P-3", /componentScores/],
    [{ ...scores, [first]: [1, 2, 3, Number.NaN] }, "P-3", /componentScores/], // null on the wire
    [{ ...scores, [first]: 4 }, "P-3", /componentScores/],
  ];
  for (const [componentScores, rule, message] of refused) {
    const submit = { ...right, header: { ...right.header, componentScores } } as Submit;
    expect(await client.call("submit", submit), String(message)).toMatchObject({
      ok: false,
      rule,
      message: expect.stringMatching(message),
    });
  }
  const matrixScores = { "lora/0/query/b": 1 };
  expect(await client.call("submit", { ...right, header: { ...right.header, matrixScores } })).toMatchObject({ ok: false, rule: "P-45" });
  expect(await client.call("submit", right)).toMatchObject({ ok: true, value: { outcome: "accepted" } });
});

test("a coordinator that ends in the middle of the shrinking, with two contributions accepted, goes on with the same bits", async () => {
  const run = runOf();
  const { calm, second, kept } = await cutRun(scene, run, { numAccepted: 10 }); // two of the third round
  const left: number[] = [];
  const watching = (lease: TaskLease) => {
    if (lease.spec.kind === "train") left.push(componentsOf(lease));
    return true;
  };
  scene.join(second, "a", { kept, onTask: watching });
  const [expected, found] = [await calm.whenDone(), await second.whenDone()];
  expect(found.parametersSha256).toBe(expected.parametersSha256);
  expect(found.steps.map(({ counted }) => counted)).toEqual(expected.steps.map(({ counted }) => counted));
  expect(left[0]).toBe(27);
  expect(left.at(-1)).toBe(12);
});

test("a device that joins in the middle of the shrinking gets what is alive in that round", async () => {
  const run = runOf({ roster: "open", numDevices: 4, minDevices: 2, cohortSize: 4, numRounds: 6 });
  const coordinator = await scene.start(run, { expectedClients: 2, homeless: "leave", maxPerClient: 1 });
  let canGoOn: () => void = () => undefined;
  const late = new Promise<void>((resolve) => {
    canGoOn = resolve;
  });
  const onTask = async ({ spec, round }: TaskLease) => {
    if (spec.kind === "train" && round === 4) await late;
    return true;
  };
  for (const name of ["a", "b"]) scene.join(coordinator, name, { onTask });
  await coordinator.when("planned", ({ plan }) => plan.round === 4);
  const newcomer = scene.join(coordinator, "c");
  await newcomer.when("welcome");
  canGoOn();
  const { lease } = await newcomer.when("task", ({ lease: { spec } }) => spec.kind === "train");
  expect(lease.round).toBeGreaterThan(4);
  expect(componentsOf(lease)).toBe(12);
  expect((await coordinator.whenDone()).summary.isDone).toBe(true);
});
