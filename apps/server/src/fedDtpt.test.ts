import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promptOf, type RunSettings, strategies, tunings, type WordTable } from "@tutti/core";
import type { TaskLease } from "@tutti/protocol";
import { expect, test } from "vitest";
import { cutRun } from "./testing/cutRun.ts";
import type { ProtocolClient } from "./testing/protocolClient.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg, tinyTuned } from "./testing/tinyRun.ts";
import { withWords } from "./words.ts";

const scene = createScene();

function runOf(changes: Partial<RunSettings> = {}): RunSettings {
  const { tuning } = tinyFedAvg();
  const { promptDropout, lossOver } = tuning;
  return tinyFedAvg({
    tuning: {
      ...tunings.discretePrompt.defaults,
      promptTokens: 5,
      promptDropout,
      lossOver,
      positionsAfterPrefix: true,
      head: "labelWords",
    },
    strategy: strategies.fedDtpt.defaults,
    quorum: 1,
    contributionEncoding: "f16",
    ...changes,
  });
}

const ports = (run: RunSettings) => ({ tuned: tinyTuned(run) });

/** Answers each edit task with a prompt by device and round. */
function answering(client: () => ProtocolClient, promptsOf: (lease: TaskLease) => readonly number[]) {
  return async (lease: TaskLease) => {
    if (lease.spec.kind !== "edit") return true;
    const { taskId, deviceId } = lease;
    const header = { kind: "edit", tokens: promptsOf(lease), accuracy: (1 + deviceId) / 8 } as const;
    await client().call("submit", { taskId, deviceId, header });
    return false;
  };
}

test("devices of two clients edit a prompt to the end of a run, and the coordinator says it in words (P-245, P-248)", async () => {
  const run = runOf({ numRounds: 3, evaluateEvery: 3, cohortSize: 4 });
  const coordinator = await scene.start(run, { expectedClients: 2 }, ports(run));
  const leases: TaskLease[] = [];
  for (const name of ["a", "b"]) {
    const joined: ProtocolClient = scene.join(coordinator, name, {
      onTask: answering(
        () => joined,
        (lease) => {
          leases.push(lease);
          return lease.deviceId === 3 ? [9, 4] : [4, 8, lease.round];
        },
      ),
    });
  }
  const { steps, summary, globalParams } = await coordinator.whenDone();
  expect(steps.map(({ round, step, kind }) => `${round}.${step} ${kind}`)).toEqual(["1.1 edit", "2.1 edit", "3.1 edit", "3.2 evaluate"]);
  expect(leases).toHaveLength(12);
  expect(leases[0]).toMatchObject({ spec: { kind: "edit", numTrials: 24, mostTokens: 5 }, expects: { shapes: {} } });
  const tokens = promptOf(globalParams);
  expect(summary.prompt).toEqual({ tokens, text: tokens.map((id) => `word${id}`).join(" ") });
  expect(new Set(tokens)).toEqual(new Set([4, 8, 3])); // what three of four have
});

test("a round of prompts of 150 tokens, as published, takes at most 1.6 kB up and 3 kB down for each device, on the wire", async () => {
  const run = runOf({ numDevices: 6, minDevices: 6, cohortSize: 6, numRounds: 3, evaluateEvery: 3 });
  const long = { ...run, tuning: { ...run.tuning, promptTokens: 150 } } as RunSettings;
  const many: WordTable = {
    size: 50_000,
    textOf: (id) => ` ${id}`,
    rows: (ids) => Float32Array.from(ids.flatMap((id) => [Math.sin(id), Math.cos(3 * id)])),
  };
  const coordinator = await scene.start(
    long,
    { expectedClients: 6, homeless: "leave", maxPerClient: 1 },
    { tuned: { ...tinyTuned(long), words: many } },
  );
  for (let client = 0; client < 6; client++) {
    const tokens = Array.from({ length: 150 }, (_, at) => (at * 7919 + (at % 9 === 0 ? client : 0)) % 50_000);
    const joined: ProtocolClient = scene.join(coordinator, `client ${client}`, {
      onTask: answering(
        () => joined,
        () => tokens,
      ),
    });
  }
  const { steps } = await coordinator.whenDone();
  const later = steps.filter(({ round, kind }) => kind === "edit" && round > 1);
  expect(later).toHaveLength(2);
  for (const { bytesUp, bytesDown } of later) {
    expect(bytesUp / 6).toBeLessThan(1600);
    expect(bytesUp / 6).toBeGreaterThan(700); // 150 numbers of five digits
    expect(bytesDown / 6).toBeLessThan(3000);
  }
});

test("a prompt that no edits lead to and a share above 1 are refused, and the right one then counts (P-246, P-247)", async () => {
  const run = runOf({ numDevices: 1, minDevices: 1, cohortSize: 1, numRounds: 1 });
  const coordinator = await scene.start(run, { expectedClients: 1 }, ports(run));
  const client = scene.join(coordinator, "a", { onTask: ({ spec }) => spec.kind !== "edit" });
  const { lease } = await client.when("task");
  const { taskId, deviceId } = lease;
  const header = { kind: "edit", tokens: [4, 8], accuracy: 0.5 };
  const attempts: [what: string, submit: object, rule: string][] = [
    ["a token that the vocabulary does not have", { header: { ...header, tokens: [4, 13] } }, "P-246"],
    ["a token that stands for no text", { header: { ...header, tokens: [12] } }, "P-246"],
    ["more tokens than a prompt has room for", { header: { ...header, tokens: [1, 2, 3, 4, 5, 6] } }, "P-246"],
    ["a token that stands there twice", { header: { ...header, tokens: [4, 8, 4] } }, "P-246"],
    ["a token below 0", { header: { ...header, tokens: [-1] } }, "P-3"],
    ["half a token", { header: { ...header, tokens: [1.5] } }, "P-3"],
    ["no tokens at all", { header: { kind: "edit", accuracy: 0.5 } }, "P-3"],
    ["an accuracy above 1", { header: { ...header, accuracy: 1.01 } }, "P-3"],
    ["an accuracy below 0", { header: { ...header, accuracy: -0.1 } }, "P-3"],
    ["an accuracy that is no number", { header: { ...header, accuracy: null } }, "P-3"],
    ["a name more", { header: { ...header, words: [] } }, "P-3"],
    ["tensors", { header, tensors: Uint8Array.of(1) }, "P-3"],
    ["another kind", { header: { kind: "score", layerScores: [1, 2, 3] } }, "P-45"],
    ["a state", { header, state: new Uint8Array(8) }, "P-56"],
  ];
  for (const [what, submit, rule] of attempts) {
    const outcome = await new Promise((resolve) => client.socket.emit("submit", { taskId, deviceId, ...submit }, resolve));
    expect(outcome, what).toMatchObject({ ok: false, rule });
  }
  expect(await client.call("submit", { taskId, deviceId, header: { kind: "edit", tokens: [4, 8], accuracy: 1 } })).toEqual({
    ok: true,
    value: { outcome: "accepted" },
  });
  const { summary } = await coordinator.whenDone();
  expect(summary.prompt).toEqual({ tokens: [4, 8], text: "word4 word8" });
});

test("a coordinator that ends among the edits of a round, with some of its contributions accepted, goes on with the same bits", async () => {
  const run = runOf({ numRounds: 4, evaluateEvery: 4, cohortSize: 3 });
  const { calm, second, kept } = await cutRun(scene, run, { numAccepted: 4, ports: ports(run) }); // three of the first round, one of the second
  scene.join(second, "a", { kept });
  const [expected, found] = [await calm.whenDone(), await second.whenDone()];
  expect(found.parametersSha256).toBe(expected.parametersSha256);
  expect(found.summary.prompt).toEqual(expected.summary.prompt);
  expect(expected.summary.prompt?.tokens.length).toBeGreaterThan(0);
  expect(found.steps.map(({ counted }) => counted)).toEqual(expected.steps.map(({ counted }) => counted));
});

const publicDir = fileURLToPath(new URL("../../../public", import.meta.url));

test("the words of a run that edits a prompt are those of the backbone's files, and one without them is refused with what to do (P-248)", () => {
  const run = { ...runOf(), backbone: "minuet" };
  const { words: found } = withWords(tinyTuned(run), { publicDir, run });
  expect(found?.size).toBe(8192);
  expect(found?.textOf(4)).toBeNull(); // <mask>
  const rows = found?.rows([100, 8191]);
  expect(rows).toHaveLength(256);
  const [of16] = [withWords(tinyTuned(run), { publicDir, run: { ...run, backbone: "minuet-f16" } }).words?.rows([100, 8191])];
  rows?.forEach((value, at) => {
    expect(Math.abs(value - (of16?.[at] ?? Number.NaN))).toBeLessThan(0.02); // the same weights in int8 and f16
  });
  expect(withWords(tinyTuned(tinyFedAvg()), { publicDir, run: tinyFedAvg() })).not.toHaveProperty("words");
  const broken = join(scene.folder(), "public");
  mkdirSync(join(broken, "backbones/minuet"), { recursive: true });
  expect(() => withWords(tinyTuned(run), { publicDir: broken, run })).toThrow(
    /backbone minuet: its words cannot be read .*`tutti backbone add` makes it again/s,
  );
  writeFileSync(join(broken, "backbones/minuet/manifest.json"), readFileSync(join(publicDir, "backbones/minuet/manifest.json")));
  expect(() => withWords(tinyTuned(run), { publicDir: broken, run })).toThrow(/\.bin is not there/);
});
