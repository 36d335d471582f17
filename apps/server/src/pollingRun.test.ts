import { afterEach, expect, test } from "vitest";
import { type NoUpgrades, startNoUpgrades } from "./testing/noUpgrades.ts";
import { createScene } from "./testing/scene.ts";
import { tinyRun } from "./testing/tinyRun.ts";

const scene = createScene();
let proxy: NoUpgrades | null = null;

afterEach(async () => {
  await proxy?.close();
  proxy = null;
});

test("where a proxy lets no websocket through, polling carries a whole run: registration, every stage, evaluation and goodbye", async () => {
  const run = tinyRun({ roster: "open", minDevices: 2, numRounds: 2, evaluateEvery: 2, quorum: 1 });
  const coordinator = await scene.start(run);
  proxy = await startNoUpgrades(coordinator.port);
  const { url } = proxy;
  // as the client package connects: websocket first
  const socketOptions = { transports: ["websocket", "polling"], tryAllTransports: true };
  const pupils = ["a", "b"].map((name) => scene.join(coordinator, name, { url, socketOptions }));
  const { steps } = await coordinator.whenDone();
  expect(new Set(steps.map(({ stage }) => stage))).toEqual(new Set(["score", "count", "train"]));
  expect(steps.every(({ cohort, counted }) => cohort.length === counted.length)).toBe(true);
  expect(steps.some(({ kind, evaluations }) => kind === "evaluate" && evaluations.length > 0)).toBe(true);
  const goodbyes = Promise.all(pupils.map((pupil) => pupil.when("goodbye")));
  await coordinator.close();
  expect(await goodbyes).toMatchObject([{ goodbye: { reason: "finished" } }, { goodbye: { reason: "finished" } }]);
  expect(proxy.numRefused()).toBeGreaterThanOrEqual(2);
  expect(pupils.map(({ socket }) => socket.io.engine?.transport.name)).not.toContain("websocket");
});
