import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { presets, type RunSettings } from "@tutti/core";
import { cardFormat, type Example, fileTask, rowOf } from "@tutti/data";
import { freePort, startKillable } from "@tutti/server/testing";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDevices } from "./testing/deviceProcess.ts";
import { tinySizes, writeTinyPublic } from "./testing/tinyPublic.ts";

const folder = temporaryFolder();
beforeAll(async () => {
  await writeTinyPublic(folder.path);
  await writeTickets(join(folder.path, "datasets/tickets"));
}, 60_000);
afterAll(() => folder.remove());

/** A folder as `tutti data add` writes it: three classes, four owners. */
async function writeTickets(to: string): Promise<void> {
  const words = ["broken", "price", "late"];
  const rows = Array.from({ length: 36 }, (_, i) => {
    const fields = { text: `my order ${i} was ${words[i % 3]}`, label: `${words[i % 3]}`, owner: `branch ${i % 4}` };
    return { line: i + 1, fields };
  });
  const columns = { name: "tickets", text: "text", label: "label", owner: "owner" };
  const { task, splits, notes } = fileTask(columns, { train: { source: "tickets.csv", rows } });
  const lines = (examples: readonly Example[]) => examples.map((example) => `${JSON.stringify(rowOf(example, task.classes))}\n`).join("");
  await mkdir(to, { recursive: true });
  await writeFile(join(to, "train.jsonl"), lines(splits.train));
  await writeFile(join(to, "test.jsonl"), lines(splits.test));
  const numRows = { train: splits.train.length, validation: null, test: splits.test.length };
  const about = { source: "tickets.csv", licence: "unknown", sha256: {}, notes, numByClass: [9, 10, 10] };
  await writeFile(join(to, "dataset.json"), JSON.stringify({ format: cardFormat, task, numRows, ...about }));
}

test("a task that is not built in is learnt from its folder, and dealt out by owner", { timeout: 120_000 }, async () => {
  const run: RunSettings = {
    ...presets.demo,
    ...{ task: "tickets", backbone: "tiny", numDevices: 4, minDevices: 4, cohortSize: 2, numRounds: 1, evaluateEvery: 1, deadlineMs: null },
    partition: { kind: "byField" },
    training: { ...presets.demo.training, localEpochs: 1 },
    strategy: { name: "fedAvg", fineTuneEpochs: 0 },
  };
  const options = {
    ...{ host: "127.0.0.1", port: await freePort(), dataDir: join(folder.path, "runs"), pagesDir: null, publicDir: folder.path, run },
    ...({ runId: "tickets", expectedClients: 1, homeless: "leave", logLevel: "error" } as const),
  };
  const coordinator = await startKillable({ options, sizes: tinySizes, numClasses: 3 });
  const devices = startDevices({ url: coordinator.url, clientKey: "tickets".padEnd(16, "-"), folder: join(folder.path, "devices") });
  try {
    const { steps } = await coordinator.whenDone();
    expect(steps.length).toBeGreaterThan(1);
    const problems = devices.messages.filter(({ kind }) => kind === "problem");
    expect(problems).toEqual([]);
  } finally {
    await devices.kill();
    await coordinator.stop();
  }
});
