import { type RunSettings, tunings } from "@tutti/core";
import { shownAnswers } from "@tutti/record";
import { expect, test } from "vitest";
import { memoryStore } from "./journal/keyValueStore.ts";
import { noAnswerer } from "./pool/computeDesk.ts";
import type { ProtocolClientOptions } from "./testing/protocolClient.ts";
import { createScene, type WatchedCoordinator } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";
import { tunedParameters } from "./tuned.ts";

const scene = createScene();

/** One round of a run of replies. */
function replyRun(): RunSettings {
  const common = { promptDropout: 0, positionsAfterPrefix: false, head: "labelWords", lossOver: "labelWords" } as const;
  return tinyFedAvg({ task: "replies", numRounds: 1, evaluateEvery: 1, tuning: { ...tunings.lora.defaults, rank: 2, ...common } });
}

const run = replyRun();
const tuned = tunedParameters(run, { numLayers: 3, hiddenSize: 5, keyValueWidth: 4 }, null);
const answers = { numTexts: 2, isStarted: true };

const start = (ports: { readonly answers?: typeof answers; readonly content?: Map<string, Uint8Array> } = { answers }) =>
  scene.start(run, { expectedClients: 1 }, { tuned, store: memoryStore(ports.content ?? new Map()), answers: ports.answers });

function compute(coordinator: WatchedCoordinator, name: string, options: Partial<ProtocolClientOptions> = {}) {
  return scene.join(coordinator, name, { hosting: "compute", token: coordinator.computeToken ?? "", ...options });
}

const kindsIn = (steps: readonly { readonly kind: string }[]) => steps.map(({ kind }) => kind);

test("P-91 when the rounds are over a compute client answers messages for the report, once, and the run's parameters stay", async () => {
  const plain = await start({});
  scene.join(plain, "tab");
  const without = await plain.whenDone();
  expect(kindsIn(without.steps)).toEqual(["train", "evaluate"]);
  expect(plain.computeToken).toBeNull();
  await plain.close();

  const coordinator = await start();
  scene.join(coordinator, "tab");
  const server = compute(coordinator, "server");
  const { steps, parametersSha256 } = await coordinator.whenDone();
  expect(kindsIn(steps)).toEqual(["train", "evaluate", "answers"]);
  expect(shownAnswers(steps)).toEqual([
    { prompt: "message 1", reference: "reply 1", answer: "answer 1" },
    { prompt: "message 2", reference: "reply 2", answer: "answer 2" },
  ]);
  const leases = server.events.flatMap((event) => (event.kind === "task" ? [event.lease] : []));
  expect(leases.map(({ spec }) => spec)).toEqual([{ kind: "answers", numTexts: 2, maxNewTokens: 48 }]);
  expect(parametersSha256).toBe(without.parametersSha256);
});

test("P-92 a run that is over waits visibly for who answers, and goes on when a compute client comes", async () => {
  const coordinator = await start();
  const tab = scene.join(coordinator, "tab");
  const { status } = await tab.when("status", (event) => event.status.message === noAnswerer);
  expect(status.phase).toBe("waiting");
  compute(coordinator, "server");
  expect(kindsIn((await coordinator.whenDone()).steps)).toEqual(["train", "evaluate", "answers"]);
});

test("where nobody starts a compute client and none is there, the run ends without answers", async () => {
  const coordinator = await start({ answers: { ...answers, isStarted: false } });
  scene.join(coordinator, "tab");
  expect(kindsIn((await coordinator.whenDone()).steps)).toEqual(["train", "evaluate"]);
});

test("a compute client that is there answers, though nobody would start one", async () => {
  const coordinator = await start({ answers: { ...answers, isStarted: false } });
  const server = compute(coordinator, "server");
  await server.when("registered");
  scene.join(coordinator, "tab");
  expect(kindsIn((await coordinator.whenDone()).steps)).toEqual(["train", "evaluate", "answers"]);
});

test("a compute client that cannot answer says so, and the run ends without answers", async () => {
  const coordinator = await start();
  scene.join(coordinator, "tab");
  const server = compute(coordinator, "server", { onTask: () => false });
  const { lease } = await server.when("task");
  await server.call("decline", { taskId: lease.taskId, reason: "the backbone does not fit" });
  expect(kindsIn((await coordinator.whenDone()).steps)).toEqual(["train", "evaluate"]);
  expect(coordinator.status().message).toMatch(/^the report has no answers: .*the backbone does not fit/);
});

test("P-91 more answers than were asked for, and longer ones than a report shows, are refused", async () => {
  const coordinator = await start();
  scene.join(coordinator, "tab");
  const server = compute(coordinator, "server", { onTask: () => false });
  const { lease } = await server.when("task");
  const submission = await server.prepare(lease);
  const one = { prompt: "hello", reference: "good day", answer: "good morning" };
  const many = { ...submission, header: { kind: "answers", answers: [one, one, one] } } as const;
  expect(await server.call("submit", many)).toMatchObject({ ok: false, rule: "P-91" });
  const long = { ...submission, header: { kind: "answers", answers: [{ ...one, answer: "a".repeat(2001) }] } } as const;
  expect(await server.call("submit", long)).toMatchObject({ ok: false });
  expect(await server.call("submit", submission)).toMatchObject({ ok: true, value: { outcome: "accepted" } });
  await coordinator.whenDone();
  expect(await server.call("submit", submission)).toMatchObject({ ok: true, value: { outcome: "duplicate" } });
});

test("a coordinator that dies while a compute client answers goes on with the same task, and one that has its answers asks for none", async () => {
  const content = new Map<string, Uint8Array>();
  const first = await start({ answers, content });
  const tab = scene.join(first, "tab");
  const server = compute(first, "server", { onTask: () => false });
  const { lease } = await server.when("task");
  tab.close();
  server.close();
  await first.close();
  const second = await start({ answers, content });
  const back = compute(second, "server", { kept: server.kept });
  expect((await back.when("task")).lease.taskId).toBe(lease.taskId);
  expect(shownAnswers((await second.whenDone()).steps)).toHaveLength(2);
  await second.close();
  const third = await start({ answers, content });
  expect(kindsIn((await third.whenDone()).steps)).toEqual(["train", "evaluate", "answers"]);
});
