import { decodeDeviceState, encodeDeviceState, type Submit } from "@tutti/protocol";
import { expect, test } from "vitest";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg, tinyRun } from "./testing/tinyRun.ts";

const scene = createScene();
const { training } = tinyRun();
type Trained = Submit & { readonly header: { readonly kind: "train" } };

test("how many batches a device skipped is bounded, kept in the step's record, and moves nothing of the aggregate (P-255)", async () => {
  const run = tinyFedAvg({ numRounds: 2, evaluateEvery: 2, quorum: 1 });
  const calm = await scene.start(run, { expectedClients: 1, runId: "calm" });
  scene.join(calm, "a");
  const coordinator = await scene.start(run, { expectedClients: 1, runId: "skipping" });
  const answers: unknown[] = [];
  const client = scene.join(coordinator, "a", {
    async onTask(lease) {
      if (lease.spec.kind !== "train") return true;
      const good = (await client.prepare(lease)) as Trained;
      const send = async (numSkipped: unknown) =>
        answers.push(
          await new Promise((resolve) =>
            client.socket.emit("submit", { ...good, header: { ...good.header, numSkipped } }, (answer: { rule?: string; ok: boolean }) =>
              resolve(answer.ok ? "accepted" : answer.rule),
            ),
          ),
        );
      const { numSteps } = good.header;
      if (lease.round === 1 && answers.length === 0) {
        for (const wrong of [numSteps, numSteps + 1, -1, 0, 0.5, null, "2"]) await send(wrong);
      }
      await send(numSteps - 1);
      return false;
    },
  });
  const [expected, found] = [await calm.whenDone(), await coordinator.whenDone()];
  expect(answers.slice(0, 8)).toEqual(["P-255", "P-255", "P-3", "P-3", "P-3", "P-3", "P-3", "accepted"]);
  expect(found.steps.map(({ numSkipped }) => numSkipped)).toEqual([1, 2].map((round) => skippedIn(client.events, round)).concat(undefined));
  expect(found.globalParams).toEqual(expected.globalParams);
});

/** What the two devices of a round claim together: all of their steps but one each. */
function skippedIn(events: ReturnType<typeof scene.join>["events"], round: number): number | undefined {
  const leases = events.flatMap((event) => (event.kind === "task" && event.lease.round === round ? [event.lease] : []));
  const trained = leases.filter(({ spec }) => spec.kind === "train");
  return trained.reduce((sum, { expects }) => sum + 2 * Math.ceil(expects.numExamples / expects.batchSize) - 1, 0);
}

test("a device's state has as many steps as were taken (P-124, P-255)", async () => {
  const coordinator = await scene.start(tinyRun({ quorum: 1 }), { expectedClients: 1 });
  const client = scene.join(coordinator, "a", { onTask: ({ stage, spec }) => stage !== "train" || spec.kind !== "train" });
  const { lease } = await client.when("task", (event) => event.lease.stage === "train");
  const good = (await client.prepare(lease)) as Trained;
  const { state = new Uint8Array() } = good;
  const afterOne = encodeDeviceState({ ...decodeDeviceState(state), stageSteps: 1 });
  expect(await client.call("submit", { ...good, state: afterOne })).toMatchObject({ ok: false, rule: "P-124" });
  const skipping = { ...good, state: afterOne, header: { ...good.header, numSkipped: good.header.numSteps - 1 } };
  expect(await client.call("submit", skipping)).toEqual({ ok: true, value: { outcome: "accepted" } });
});

test("a run of given steps asks every device for these, whatever it holds, and refuses others (P-46, P-256)", async () => {
  const run = tinyFedAvg({ training: { ...training, localSteps: 7 }, numRounds: 1, evaluateEvery: 1 });
  const coordinator = await scene.start({ ...run, strategy: { name: "fedAvg", fineTuneEpochs: 1 } }, { expectedClients: 1 });
  const seen: object[] = [];
  const client = scene.join(coordinator, "a", {
    async onTask(lease) {
      const good = await client.prepare(lease);
      if (good.header.kind !== "train") return true;
      seen.push({ spec: lease.spec, numSteps: good.header.numSteps });
      const wrong = { ...good, header: { ...good.header, numSteps: good.header.numSteps + 1 } };
      expect(await client.call("submit", wrong)).toMatchObject({ ok: false, rule: "P-46" });
      return true;
    },
  });
  await coordinator.whenDone();
  const [first] = seen;
  expect(first).toEqual({ spec: { kind: "train", warmupSteps: 0, epochs: 2, steps: 7, isPersonalised: false }, numSteps: 7 });
  expect(seen).toHaveLength(2 + 4);
  for (const tuned of seen.slice(2)) expect(tuned).toMatchObject({ spec: { epochs: 1, isPersonalised: true } });
  expect(seen.at(-1)).not.toHaveProperty("spec.steps");
});
