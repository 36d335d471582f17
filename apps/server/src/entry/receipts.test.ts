import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { checkReceipt, type Receipt } from "@tutti/protocol";
import { expect, test, vi } from "vitest";
import { memoryStore } from "../journal/keyValueStore.ts";
import { hashSubmission } from "../pool/submissions.ts";
import { createScene } from "../testing/scene.ts";
import { tinyFedAvg } from "../testing/tinyRun.ts";

const scene = createScene();

async function receiptOf(client: { call(name: "receipt", request: object): Promise<unknown> }): Promise<Receipt> {
  const answer = (await client.call("receipt", {})) as { ok: true; value: Receipt };
  if (!answer.ok) throw new Error(JSON.stringify(answer));
  return answer.value;
}

test("P-165 a client's receipt lists what was accepted of it and nothing of another's, signed with the key of run.json and the folder", async () => {
  const before = Date.now();
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 2, writesRunFiles: true });
  const [a, b] = [scene.join(coordinator, "a"), scene.join(coordinator, "b")];
  await vi.waitFor(() => expect(coordinator.status().phase).toBe("done"), { interval: 2, timeout: 10_000 });
  const [ofA, ofB] = [await receiptOf(a), await receiptOf(b)];
  expect([checkReceipt(ofA), checkReceipt(ofB)]).toEqual(["valid", "valid"]);
  const submitted = a.events.flatMap((event) => (event.kind === "submitted" ? [event] : []));
  expect(submitted.length).toBeGreaterThan(3);
  expect(ofA.contributions.map(({ taskId }) => taskId)).toEqual(submitted.map(({ lease }) => lease.taskId));
  const first = submitted[0]?.lease;
  expect(ofA.contributions[0]).toMatchObject({
    deviceId: first?.deviceId,
    stage: first?.stage,
    round: first?.round,
    kind: first?.spec.kind,
  });
  expect(ofA.contributions.every(({ at, numBytes }) => at >= before && at <= Date.now() && numBytes > 10)).toBe(true);
  expect(ofA.clientKey).toBe(a.kept.key);
  const idsOf = ({ contributions }: Receipt) => contributions.map(({ taskId }) => taskId);
  expect(idsOf(ofA).filter((id) => idsOf(ofB).includes(id))).toEqual([]);
  const { receiptKey } = (await (await fetch(`${coordinator.url}/run.json`)).json()) as { receiptKey: string };
  expect([ofA.key, ofB.key]).toEqual([receiptKey, receiptKey]);
  expect(readFileSync(join(coordinator.folder, "receipts.pub"), "utf8")).toBe(`${receiptKey}\n`);
  expect(statSync(join(coordinator.folder, "receipts.key")).mode & 0o077).toBe(0);
});

test("P-165 receipts outlive the coordinator, with the same key, and go when the client takes its data back (P-127)", async () => {
  const content = new Map<string, Uint8Array>();
  const first = await scene.start(tinyFedAvg(), { expectedClients: 1, writesRunFiles: true }, { store: memoryStore(content) });
  const a = scene.join(first, "a", { onTask: ({ round }) => round === 1 });
  await a.when("task", ({ lease }) => lease.round === 2);
  const earlier = await receiptOf(a);
  expect(earlier.contributions.length).toBeGreaterThan(0);
  a.close();
  await first.close();
  const second = await scene.start(tinyFedAvg(), { expectedClients: 1, writesRunFiles: true }, { store: memoryStore(content) });
  const again = scene.join(second, "a", { kept: a.kept, onTask: () => false });
  await again.when("registered");
  const later = await receiptOf(again);
  expect(later.key).toBe(earlier.key);
  expect(later.contributions).toEqual(earlier.contributions);
  const keys = () => [...content.keys()].filter((key) => key.startsWith("receipt/"));
  expect(keys()).toHaveLength(earlier.contributions.length);
  expect(await again.call("withdraw", {})).toMatchObject({ ok: true });
  expect(keys()).toEqual([]);
});

test("P-165 nobody gets a receipt before hello, and nobody asks for it again and again (P-142)", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 1 });
  const stranger = scene.join(coordinator, "stranger", { onTask: () => false });
  await stranger.when("registered");
  const answers = await Promise.all(Array.from({ length: 7 }, () => stranger.call("receipt", {})));
  expect(answers.filter(({ ok }) => ok)).toHaveLength(5);
  expect(answers.at(-1)).toMatchObject({ ok: false, rule: "P-142" });
  await stranger.call("leave", {});
  const after = await scene.join(coordinator, "other", { onTask: () => false }).when("registered");
  expect(after.kind).toBe("registered");
  expect(await stranger.call("pause", { isPaused: true })).toMatchObject({ ok: false, rule: "P-10" });
});

test("P-165 the hash is that by which a submission is compared, so that who kept it can show it", () => {
  const header = { kind: "score", layerScores: [1, 2] } as const;
  expect(hashSubmission({ header })).toMatch(/^[0-9a-f]{64}$/);
  expect(hashSubmission({ header })).not.toBe(hashSubmission({ header: { kind: "score", layerScores: [1, 3] } }));
});

test("P-166 the status says how far the whole run is, what devices do in the open step, and how many are still to come", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 1 });
  const begin = coordinator.status();
  expect(begin.progress?.stages.every(({ done }) => done === 0)).toBe(true);
  expect(begin.stepKind).toBeUndefined();
  const a = scene.join(coordinator, "a", { onTask: ({ round }) => round < 3 });
  await a.when("welcome");
  await a.when("task", ({ lease }) => lease.round === 3);
  const { progress, stepKind } = coordinator.status();
  expect(stepKind).toBe("train");
  const done = progress?.stages.find(({ stage }) => stage === "train")?.done ?? 0;
  expect(done).toBeGreaterThan(0.3);
  expect(done).toBeLessThan(0.9);
  expect(progress?.secondsLeft).toBeGreaterThan(0);
});
