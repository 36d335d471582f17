import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openJournal } from "./journal/journal.ts";
import { openStore, readStore } from "./journal/openStore.ts";
import { readRun } from "./journal/readRun.ts";
import { createScene } from "./testing/scene.ts";

const scene = createScene();

/**
 * Journals of runs whose coordinator, of protocol 3, was killed in the middle of a step, and the results of the same runs when nobody killed them.
 * One client, "a", hosted all devices, whose states moved to the journal.
 */
const runs = [
  {
    name: "prompts-that-stay",
    what: "a training round of FedPepTAO with one of two contributions in and prompts that stay on the devices",
    parametersSha256: "9881cead27eb56c085068c098e8def9e023d9d5100bb0cb40b379e3c49722402",
    steps: [
      "score 1.1 score 0,1,2,3",
      "count 1.1 train 2,3",
      "count 1.2 probe 2,3",
      "train 1.1 train 0,1",
      "train 2.1 train 0,1",
      "train 2.2 evaluate 0,1,2,3",
      "train 3.1 train 0,1",
      "train 3.2 evaluate 0,1,2,3",
    ],
  },
  {
    name: "corrections",
    what: "a round of SCAFFOLD with one of three contributions in and a correction for each device",
    parametersSha256: "f61f6b0c7e777e335c7317c3c56fcd7dcdd341c05d9918f3537568020e3b6a8b",
    steps: [
      "train 1.1 train 0,1,2",
      "train 2.1 train 0,1,2",
      "train 2.2 evaluate 0,1,2,3",
      "train 3.1 train 0,1,3",
      "train 4.1 train 1,2,3",
      "train 4.2 evaluate 0,1,2,3",
    ],
  },
  {
    name: "plan-before-state",
    what: "a plan of fine-tuning that was journalled before the state that it follows from",
    parametersSha256: "8a3313be4970b59a84e003811098ccd34c4229d5c5e93b9cb5b691d3ddf9db55",
    steps: [
      "train 1.1 train 0,1,2",
      "train 1.2 evaluate 0,1,2,3",
      "train 2.1 train 0,1,2",
      "train 2.2 evaluate 0,1,2,3",
      "train 3.1 train 0,1,3",
      "train 3.2 train 0,1,2,3",
      "train 3.3 evaluate 0,1,2,3",
    ],
  },
];

function unpack(name: string): string {
  const folder = join(scene.folder(), name, "journal");
  mkdirSync(folder, { recursive: true });
  const packed = readFileSync(join(import.meta.dirname, "testing/olderRuns", `${name}.mdb.gz`));
  writeFileSync(join(folder, "data.mdb"), gunzipSync(packed));
  return join(scene.folder(), name);
}

test.each(runs)("a run of an older coordinator goes on to the same bits: $what", async ({ name, parametersSha256, steps }) => {
  const folder = unpack(name);
  const before = openJournal(await readStore(folder, "journal"));
  expect(before.contents()?.plan?.tasks[0]).toHaveProperty("params");
  const numIn = before.contents()?.contributions.length ?? 0;
  const { run } = await readRun(scene.folder(), name);
  const options = { runId: name, expectedClients: 1, homeless: "move" } as const;
  const opened = await openStore(folder, "journal");
  expect(opened.note).toContain("did not chain its records: they are chained from now on");
  const coordinator = await scene.start(run, options, { store: opened.store });
  const numSteps = coordinator.steps().length;
  const client = scene.join(coordinator, "a");
  const { devices } = (await client.when("welcome")).welcome; // known by the key that follows from the secret in the journal (P-100)
  expect(devices.map(({ deviceId }) => deviceId)).toEqual([0, 1, 2, 3]);
  const done = await coordinator.whenDone();
  expect(done.parametersSha256).toBe(parametersSha256);
  expect(done.steps.map(({ stage, round, step, kind, counted }) => `${stage} ${round}.${step} ${kind} ${counted}`)).toEqual(steps);
  const numLeft = done.steps.slice(numSteps).reduce((sum, { counted }) => sum + counted.length, 0);
  const numLeased = client.events.filter(({ kind }) => kind === "task").length;
  expect([numIn > 0, numLeased]).toEqual([true, name === "plan-before-state" ? numLeft : numLeft - numIn]);
});
