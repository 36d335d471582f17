import type { Params } from "@tutti/core";
import { encodeParams, type Submit } from "@tutti/protocol";
import { expect, test } from "vitest";
import type { ProtocolClient } from "./testing/protocolClient.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg, tinyRun } from "./testing/tinyRun.ts";

const scene = createScene();
const run = tinyFedAvg({ numDevices: 1, minDevices: 1, cohortSize: 1, quorum: 1 });

async function atFirstTask(goesOn = true): Promise<{ client: ProtocolClient; good: Submit; finish: () => Promise<void> }> {
  const coordinator = await scene.start(run, { expectedClients: 1, homeless: "leave" });
  const client = scene.join(coordinator, "a", { onTask: ({ round }) => goesOn && round > 1 });
  const { lease } = await client.when("task");
  const good = await client.prepare(lease);
  /** What was refused changed nothing: the right submission is accepted, and the run goes to its end. */
  const finish = async () => {
    expect(await client.call("submit", good)).toEqual({ ok: true, value: { outcome: "accepted" } });
    expect((await coordinator.whenDone()).steps).toHaveLength(5);
  };
  return { client, good, finish };
}

const params = (fill: number, shapes: Record<string, number[]>): Params =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(fill) }]),
  );
const shapes = { "prefix/0": [2, 2, 4], "prefix/1": [2, 2, 4], "prefix/2": [2, 2, 4], "head/weight": [3, 5], "head/bias": [3] };

test("a submission that breaks a rule is answered with the rule, and nothing else happens", async () => {
  const { client, good, finish } = await atFirstTask();
  const tensors = good.tensors ?? new Uint8Array(0);
  const notANumber = tensors.slice();
  new DataView(notANumber.buffer).setUint16(notANumber.length - 4 * 16, 0x7e00, true);
  const header = { kind: "train", numSteps: 4, firstLoss: 1, lastLoss: 1 } as const;
  const attempts: [what: string, submit: unknown, rule: string][] = [
    ["garbage bytes", { ...good, tensors: new Uint8Array(999).fill(7) }, "P-50"],
    ["cut short", { ...good, tensors: tensors.slice(0, tensors.length - 8) }, "P-50"],
    ["a NaN", { ...good, tensors: notANumber }, "P-53"],
    ["too large", { ...good, tensors: encodeParams(params(20_000, shapes), "f16") }, "P-53"],
    ["a wrong shape", { ...good, tensors: encodeParams(params(1, { ...shapes, "head/bias": [4] }), "f16") }, "P-52"],
    ["an unknown layer", { ...good, tensors: encodeParams(params(1, { ...shapes, "prefix/3": [2, 2, 4] }), "f16") }, "P-51"],
    ["a missing layer", { ...good, tensors: encodeParams(params(1, { "prefix/0": [2, 2, 4] }), "f16") }, "P-51"],
    ["another encoding", { ...good, tensors: encodeParams(params(1, shapes), "f32") }, "P-54"],
    ["a wrong number of steps", { ...good, header: { ...header, numSteps: 5 } }, "P-46"],
    ["a loss of null", { ...good, header: { ...header, firstLoss: null } }, "P-3"],
    ["another kind", { ...good, tensors: undefined, header: { kind: "score", layerScores: [1, 2, null] } }, "P-45"],
    ["no tensors", { taskId: good.taskId, deviceId: 0, header }, "P-3"],
    ["an unknown key", { ...good, extra: 1 }, "P-3"],
    ["a device that lives elsewhere", { ...good, deviceId: 5 }, "P-43"],
    ["a task that never was", { ...good, taskId: "0".repeat(32) }, "P-43"],
    ["a state that nobody keeps", { ...good, state: new Uint8Array(8) }, "P-56"],
    ["no object at all", "hello", "P-3"],
  ];
  for (const [what, submit, rule] of attempts) {
    const outcome = await new Promise((resolve) => client.socket.emit("submit", submit, resolve));
    expect(outcome, what).toMatchObject({ ok: false, rule });
  }
  expect(await new Promise((resolve) => client.socket.emit("destroy", {}, resolve))).toMatchObject({ ok: false, rule: "P-4" });
  await finish();
});

test("a message above the run's largest ends its connection and no other, and the process lives", async () => {
  const { client, good, finish } = await atFirstTask();
  client.socket.emit("submit", { ...good, tensors: new Uint8Array(2_000_000) });
  await client.when("disconnected");
  await client.when("connected", () => client.events.filter((event) => event.kind === "welcome").length === 2);
  await finish();
});

test("the same submission twice counts once, other bytes under its id are refused (P-41)", async () => {
  const { client, good } = await atFirstTask(false);
  const other = { ...good, tensors: encodeParams(params(0.5, shapes), "f16") };
  const [first, second] = await Promise.all([client.call("submit", good), client.call("submit", good)]);
  expect(first).toEqual({ ok: true, value: { outcome: "accepted" } });
  expect(second).toEqual({ ok: true, value: { outcome: "duplicate" } });
  expect(await client.call("submit", other)).toMatchObject({ ok: false, rule: "P-41" });
  await client.when("task", ({ lease }) => lease.round === 2);
  expect(await client.call("submit", good)).toEqual({ ok: true, value: { outcome: "duplicate" } });
  expect(await client.call("submit", other)).toMatchObject({ ok: false, rule: "P-41" });
});

test("a wrong evaluation, wrong scores and a wrong spectrum are refused (P-45)", async () => {
  const coordinator = await scene.start(tinyRun({ numDevices: 2, cohortSize: 2, evaluateEvery: 3 }), { expectedClients: 1 });
  const wrong: unknown[] = [];
  const client = scene.join(coordinator, "a", {
    async onTask(lease) {
      const good = await client.prepare(lease);
      const bad: Record<string, object> = {
        score: { kind: "score", layerScores: [1, null] },
        probe: { kind: "probe", ritzValues: [1, 2, 3, 4, 5, 6], ritzWeights: [1, 0, 0, 0, 0, 0] },
        evaluate: { kind: "evaluate", results: good.header.kind === "evaluate" ? good.header.results.slice(1) : [] },
      };
      const send = async (header: object) =>
        wrong.push(await new Promise((resolve) => client.socket.emit("submit", { ...good, header }, resolve)));
      const header = bad[lease.spec.kind];
      if (header !== undefined) await send(header);
      if (lease.spec.kind === "score") await send({ kind: "score", layerScores: [null, 1, null] });
      if (good.header.kind === "evaluate") {
        const text = { numExamples: 1, numTokens: 1, numBytes: 1, numRightTokens: 0, generated: null };
        const results = good.header.results.map(({ protocol, split }) => ({ protocol, split, text, lossSum: 1 }));
        await send({ kind: "evaluate", results }); // this run's task has classes
        expect(wrong.at(-1)).toMatchObject({ message: "header.results: sums over texts, expected 3 classes" });
      }
      return true;
    },
  });
  await coordinator.whenDone();
  expect(wrong.length).toBeGreaterThanOrEqual(6);
  for (const outcome of wrong) expect(outcome).toMatchObject({ ok: false, rule: "P-45" });
});
