import { presets, type RunSettings } from "@tutti/core";
import { expect, test } from "vitest";
import { memoryStore } from "./journal/keyValueStore.ts";
import type { RunOutcome } from "./liveRun.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();
const numRounds = 5;

/** Rounds of two of four devices, whose 45 kB of parameters make up nearly all that goes down. */
function run(evaluateEvery: number): RunSettings {
  return tinyFedAvg({ numRounds, evaluateEvery, cohortSize: 2, quorum: 1, tuning: { ...presets.demo.tuning, promptTokens: 1000 } });
}

/** The messages that go with a round's tasks show what the latest evaluations came to; that is no download, and the tests let it pass. */
const bytesOfMessages = (numClients: number) => numClients * numRounds * 1000;

async function outcomeOf(evaluateEvery: number, names: readonly string[]): Promise<RunOutcome> {
  // Where tasks go to whichever client is free, how many clients download a round's parameters depends on who is quick.
  const options = { expectedClients: names.length, runId: `every-${evaluateEvery}`, homeless: "leave" } as const;
  const coordinator = await scene.start(run(evaluateEvery), options);
  for (const name of names) await scene.join(coordinator, name).when("welcome");
  return coordinator.whenDone();
}

/** As a curve counts them: what training steps brought themselves, and what evaluations before had brought for them. */
function trainingDown({ steps }: RunOutcome): number {
  return steps.reduce(
    (sum, { kind, bytesDown, fetchedBefore }) => sum + (kind === "train" ? bytesDown + (fetchedBefore?.down ?? 0) : 0),
    0,
  );
}

test.each([[["a"]], [["a", "b", "c"]]])(
  "training brings as many bytes down to %j when every round is evaluated as when only the last is",
  async (names) => {
    const often = await outcomeOf(1, names);
    const rarely = await outcomeOf(numRounds, names);
    expect(often.parametersSha256).toBe(rarely.parametersSha256);
    expect(often.steps.filter(({ fetchedBefore }) => fetchedBefore !== undefined)).toHaveLength(numRounds - 1);
    const tolerance = bytesOfMessages(names.length);
    const download = rarely.traffic.train.down / numRounds;
    expect(tolerance).toBeLessThan(download / 2);
    expect(Math.abs(often.traffic.train.down - rarely.traffic.train.down)).toBeLessThan(tolerance);
    expect(Math.abs(trainingDown(often) - trainingDown(rarely))).toBeLessThan(tolerance);
    const sum = (value: (step: RunOutcome["steps"][number]) => number) => often.steps.reduce((total, step) => total + value(step), 0);
    const fetched = sum(({ kind, bytesDown }) => (kind === "evaluate" ? bytesDown : 0));
    const takenOver = sum(({ fetchedBefore }) => fetchedBefore?.down ?? 0);
    expect(Math.abs(often.traffic.evaluation.down - (fetched - takenOver))).toBeLessThan(tolerance);
  },
);

test("a coordinator that begins again between an evaluation and the round after still knows what the evaluation fetched", async () => {
  const content = new Map<string, Uint8Array>();
  const settings = run(1);
  const first = await scene.start(settings, { expectedClients: 2, homeless: "leave" }, { store: memoryStore(content) });
  let isHeld = true;
  const a = scene.join(first, "a");
  await a.when("welcome");
  scene.join(first, "b", { onTask: ({ spec }) => !(isHeld && spec.kind === "evaluate") });
  await a.when("submitted", ({ lease }) => lease.spec.kind === "evaluate");
  await first.close();
  isHeld = false;
  const second = await scene.start(settings, { expectedClients: 2, homeless: "leave", port: first.port }, { store: memoryStore(content) });
  const outcome = await second.whenDone();
  const calm = await outcomeOf(numRounds, ["c", "d"]);
  expect(outcome.parametersSha256).toBe(calm.parametersSha256);
  for (const of of [(it: RunOutcome) => it.traffic.train.down, trainingDown]) {
    expect(Math.abs(of(outcome) - of(calm))).toBeLessThan(bytesOfMessages(2));
  }
});
