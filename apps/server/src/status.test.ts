import { expect, test } from "vitest";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg, tinyRun } from "./testing/tinyRun.ts";

const scene = createScene();

test("a client at work is sent the latest points of the history, and the whole of it with its welcome (P-70)", async () => {
  const coordinator = await scene.start(tinyFedAvg({ numRounds: 9, evaluateEvery: 9 }), { expectedClients: 1 });
  const a = scene.join(coordinator, "a");
  await coordinator.whenDone();
  const last = await a.when("status", ({ status }) => status.phase === "done");
  expect(last.status).toMatchObject({ historyStart: 6, probes: [] });
  expect(last.status.history.map(({ round }) => round)).toEqual([7, 8, 9, 9]);
  a.close();
  const again = scene.join(coordinator, "a", { kept: a.kept });
  const { welcome } = await again.when("welcome");
  expect(welcome.status.history).toHaveLength(10);
  expect(coordinator.status()).toMatchObject({ historyStart: 0, numConnected: 1, numDevices: 4 });
  expect(coordinator.clients()).toMatchObject([{ deviceIds: [0, 1, 2, 3], isConnected: true }]);
});

test("a page says of how many rounds the stage is that it shows, also when the next one is about to begin", async () => {
  const base = tinyRun({ numRounds: 5 });
  const run = base.strategy.name === "fedPepTao" ? { ...base, strategy: { ...base.strategy, countingRounds: 2 } } : base;
  const coordinator = await scene.start(run, { expectedClients: 1 });
  const seen = new Set<string>();
  coordinator.subscribe(() => {
    const { stage, round, numRounds } = coordinator.status();
    seen.add(`${stage} ${round} of ${numRounds}`);
  });
  scene.join(coordinator, "a");
  await coordinator.whenDone();
  expect([...seen].filter((one) => !one.includes(" 0 of "))).toEqual([
    "score 1 of 1",
    "count 1 of 2",
    "count 2 of 2",
    "train 1 of 5",
    "train 2 of 5",
    "train 3 of 5",
    "train 4 of 5",
    "train 5 of 5",
  ]);
});
