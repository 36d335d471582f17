import { numSparse, type Params, type RunSettings, strategies } from "@tutti/core";
import { decodeParams } from "@tutti/protocol";
import { expect, test } from "vitest";
import { cutRun } from "./testing/cutRun.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();

const lora = {
  method: "lora",
  rank: 2,
  alpha: 4,
  promptDropout: 0,
  positionsAfterPrefix: false,
  head: "linear",
  lossOver: "labelWords",
} as const;

function runOf(changes: Partial<RunSettings> = {}): RunSettings {
  return tinyFedAvg({
    tuning: lora as RunSettings["tuning"],
    strategy: { ...strategies.sLora.defaults, sparseRounds: 2, density: 0.3 },
    numRounds: 4,
    evaluateEvery: 2,
    cohortSize: 3,
    quorum: 1,
    ...changes,
  });
}

/** The matrices of the tiny run: 3 layers of 5 × 5 queries and 4 × 5 values. */
const counts = [numSparse(25, 0.3), numSparse(20, 0.3)];

test("a lease of a sparse round asks for elements' values and the head, and later ones for factors (P-230)", async () => {
  const coordinator = await scene.start(runOf(), { expectedClients: 1 });
  const asked = new Map<number, Readonly<Record<string, readonly number[]>>>();
  const sets = new Map<number, Params>();
  scene.join(coordinator, "a", {
    onTask: async (lease) => {
      if (lease.spec.kind !== "train") return true;
      asked.set(lease.round, lease.expects.shapes);
      expect(Object.keys(lease.parameterSets)).toEqual(["global"]);
      sets.set(
        lease.round,
        decodeParams(await (await fetch(`${coordinator.url}/blobs/${lease.parameterSets.global?.sha256}`)).arrayBuffer()),
      );
      return true;
    },
  });
  const { summary, globalParams, newcomerParams } = await coordinator.whenDone();
  const sparse = [0, 1, 2].flatMap((layer) => [
    [`sparse/${layer}/query`, [counts[0]]],
    [`sparse/${layer}/value`, [counts[1]]],
  ]);
  const head = { "head/weight": [3, 5], "head/bias": [3] };
  for (const round of [1, 2]) expect(asked.get(round)).toEqual({ ...Object.fromEntries(sparse), ...head });
  for (const round of [3, 4]) {
    expect(Object.keys(asked.get(round) ?? {}).filter((name) => name.startsWith("lora/"))).toHaveLength(12);
    expect(asked.get(round)).toMatchObject({ "lora/0/query/a": [2, 5], "lora/2/value/b": [4, 2], ...head });
  }
  for (const [round, shapes] of asked) {
    expect(Object.fromEntries(Object.entries(sets.get(round) ?? {}).map(([name, { shape }]) => [name, shape]))).toEqual(shapes);
  }
  expect(sets.get(3)?.["lora/0/query/b"]?.data.some((value) => value !== 0)).toBe(true); // from the SVD of the trained elements
  expect(globalParams).toEqual(newcomerParams);
  expect(summary.evaluations).toHaveLength(2);
});

test.each([
  ["in the sparse stage, in the middle of its first round", 2, 1],
  ["in the round of the switch, with all but its last contribution", 3 + 2, 2],
  ["after the switch, before anything of the next round is accepted", 3 + 3, 2],
  ["in the stage of the factors", 3 + 3 + 4 + 1, 3],
])("a coordinator that ends %s goes on with the same bits", async (_, numAnswered, round) => {
  const { calm, first, second, kept } = await cutRun(scene, runOf(), { numAccepted: numAnswered });
  expect(Math.max(...first.events.map((event) => (event.kind === "planned" ? event.plan.round : 0)))).toBeGreaterThanOrEqual(round);
  scene.join(second, "a", { kept });
  const [expected, found] = [await calm.whenDone(), await second.whenDone()];
  expect(found.parametersSha256).toBe(expected.parametersSha256);
  expect(found.steps.map(({ counted }) => counted)).toEqual(expected.steps.map(({ counted }) => counted));
});
