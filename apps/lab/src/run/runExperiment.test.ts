import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cardFormat, fileTask, rowOf } from "@tutti/data";
import type { ExperimentResult } from "@tutti/record";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { ExperimentError } from "../experiment/experimentFile.ts";
import { tinySizes, writeTinyPublic } from "../testing/tinyPublic.ts";
import { type LabOptions, labOptions } from "./options.ts";
import { type LabEnd, runExperiment } from "./runExperiment.ts";

const folder = temporaryFolder();
const publicDir = join(folder.path, "public");
const promptTokens = 2;

const experiment = {
  title: "A",
  question: "B?",
  notes: ["Mine."],
  base: "demo",
  settings: {
    backbone: "tiny",
    numDevices: 3,
    minDevices: 3,
    cohortSize: 2,
    numRounds: 1,
    evaluateEvery: 1,
    partition: { kind: "iid" },
  },
  tasks: ["feedback/topic"],
  seeds: [1],
  methods: [{ name: "attempt", set: { "tuning.promptTokens": promptTokens, "tuning.sources": ["feedback/sentiment", "few"] } }],
};

beforeAll(async () => {
  await writeTinyPublic(publicDir);
  await writeSource(30);
  await addPets();
});
afterAll(() => folder.remove());

/** The source prompt `few`, as if it had been trained in this number of steps. */
async function writeSource(numSteps: number): Promise<void> {
  const shape = [promptTokens, tinySizes.hiddenSize] as const;
  const values = Array.from({ length: shape[0] * shape[1] }, (_, index) => Math.sin(index + numSteps));
  const record = { formatVersion: 1, name: "few", backbone: "tiny", task: "boolq", numExamples: 40, numSteps, learningRate: 0.02, seed: 5 };
  const path = join(publicDir, "prompts/tiny/few-2.json");
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify({ ...record, shape, values }));
}

/** The added task `pets`, on which a source prompt can be trained. */
async function addPets(): Promise<void> {
  const words = ["cat", "dog"];
  const rows = Array.from({ length: 20 }, (_, i) => ({
    line: i + 1,
    fields: { text: `my ${words[i % 2]} ${i}`, label: `${words[i % 2]}` },
  }));
  const { task, splits, notes } = fileTask({ name: "pets", text: "text", label: "label" }, { train: { source: "pets.csv", rows } });
  const to = join(publicDir, "datasets/pets");
  await mkdir(to, { recursive: true });
  for (const split of ["train", "test"] as const)
    await writeFile(join(to, `${split}.jsonl`), splits[split].map((row) => `${JSON.stringify(rowOf(row, task.classes))}\n`).join(""));
  const numRows = { train: splits.train.length, validation: null, test: splits.test.length };
  const about = { source: "pets.csv", licence: "unknown", sha256: {}, notes, numByClass: [10, 10] };
  await writeFile(join(to, "dataset.json"), JSON.stringify({ format: cardFormat, task, numRows, ...about }));
}

const outOf = (name: string) => join(folder.path, name);
const runsIn = (name: string) => readdir(join(outOf(name), "runs"));
const resultIn = async (name: string): Promise<ExperimentResult> => JSON.parse(await readFile(join(outOf(name), "results.json"), "utf8"));

/** Starts the lab with an experiment, or goes on; what it says and how it ends. */
async function lab(
  name: string,
  change: object = {},
  { more = {}, onText = () => undefined }: { readonly more?: Partial<LabOptions>; onText?(text: string): void } = {},
): Promise<{ readonly end: LabEnd; readonly said: string }> {
  const file = join(folder.path, `${name}.yaml`);
  await writeFile(file, JSON.stringify({ ...experiment, ...change }));
  const written: string[] = [];
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    onText(String(text));
    return written.push(String(text)) > 0;
  });
  try {
    const end = await runExperiment(labOptions(file, { out: outOf(name), clients: "node", numTabs: 1, publicDir, ...more }));
    return { end, said: written.join("") };
  } finally {
    spy.mockRestore();
  }
}

test("an experiment goes on past a result and a memory that broke, and makes the run again where a source prompt or its result is another", async () => {
  const first = await lab("mine");
  expect(first.end).toEqual({ kind: "finished", numFailed: 0 });
  const note =
    "On feedback/topic, ATTEMPT mixes only few: feedback/sentiment cannot be a source for feedback/topic: both belong to the same data set.";
  expect(first.said).toContain(note);
  const before = await resultIn("mine");
  expect(before.notes).toEqual(["Mine.", note]);
  expect(before.sources).toMatchObject([{ name: "few", numSteps: 30 }]);
  const [id = ""] = await runsIn("mine");

  await writeFile(join(outOf("mine"), "runs", id, "result.json"), '{"id":"abc","error":nu');
  await writeFile(join(outOf("mine"), "pool.json"), "");
  const second = await lab("mine");
  expect(second.end).toEqual({ kind: "finished", numFailed: 0 });
  expect(second.said).toContain(`${join(outOf("mine"), "runs", id, "result.json")} is not a valid result (`);
  expect(second.said).toContain(`${join(outOf("mine"), "pool.json")} is not valid (`);
  expect((await readdir(join(outOf("mine"), "runs", id))).sort()).toEqual(["result.json", "result.json.bad"]);

  await writeSource(3000);
  const third = await lab("mine");
  expect(third.said).not.toContain("1 of them done");
  const after = await resultIn("mine");
  expect(after.sources).toMatchObject([{ name: "few", numSteps: 3000 }]);
  expect(after.runs[0]?.id).not.toBe(id);
  expect(await runsIn("mine")).toHaveLength(2);
}, 120_000);

test("a file that asks for another backend than that of the runs there are is refused, and they stay as they are", async () => {
  await lab("other", { backend: "wasm" });
  const [id = ""] = await runsIn("other");
  const kept = await readFile(join(outOf("other"), "runs", id, "result.json"), "utf8");
  await expect(lab("other", { backend: "cpu" })).rejects.toThrow(ExperimentError);
  await expect(lab("other", { backend: "cpu" })).rejects.toThrow(`1 run in ${outOf("other")} was made on wasm; give another --out`);
  expect(await readFile(join(outOf("other"), "runs", id, "result.json"), "utf8")).toBe(kept);
  expect((await lab("other")).said).toContain("1 of them done");
}, 120_000);

test("a source prompt that is not there is trained first, so that the same command finds its runs done", async () => {
  const methods = [{ name: "attempt", set: { "tuning.promptTokens": promptTokens, "tuning.sources": ["pets"] } }];
  const first = await lab("trained", { methods });
  expect(first.end).toEqual({ kind: "finished", numFailed: 0 });
  expect(first.said).toContain("Training the source prompt pets of 2 tokens");
  expect((await resultIn("trained")).sources).toMatchObject([{ name: "pets", numSteps: 1000, learningRate: 0.01 }]);
  const again = await lab("trained", { methods });
  expect(again.said).toContain("1 of them done");
  expect(await runsIn("trained")).toHaveLength(1);
}, 120_000);

test("after Ctrl-C it says how many runs are done, and the folder is free; an estimate then changes nothing in it", async () => {
  const change = { seeds: Array.from({ length: 12 }, (_, index) => index + 1) };
  let isStopped = false;
  const stop = (text: string) => {
    if (isStopped || !text.startsWith("done ")) return;
    isStopped = true;
    process.emit("SIGINT", "SIGINT");
  };
  const first = await lab("stopped", change, { onText: stop });
  expect(first.end).toEqual({ kind: "stopped", signal: "SIGINT" });
  // a run that was all but over when the key was pressed may still come in
  const numDone = first.said.match(/^done /gm)?.length ?? 0;
  expect([numDone > 0, numDone < 12]).toEqual([true, true]);
  expect(first.said).toMatch(new RegExp(`\\nStopped: ${numDone} of 12 runs done\\. Run the same command to go on\\.\\n$`));
  const files = async () => (await readdir(outOf("stopped"), { recursive: true })).sort();
  const before = await files();
  expect(before).not.toContain("lock");
  expect(JSON.parse(await readFile(join(outOf("stopped"), "pool.json"), "utf8"))).toMatchObject({ name: "stopped" });
  const estimate = await lab("stopped", change, { more: { isEstimate: true } });
  expect(estimate.said).toContain(`12 runs, ${numDone} of them done`);
  expect(await files()).toEqual(before);
  const reusing = await lab("elsewhere", change, { more: { isEstimate: true, reuse: [outOf("stopped")] } });
  expect(reusing.said).toMatch(new RegExp(`^${numDone} results? would be`, "m"));
  expect(reusing.said).toContain(`would be taken from ${outOf("stopped")}.`);
  expect(reusing.said).toContain(`12 runs, ${numDone} of them done`);
  expect(existsSync(outOf("elsewhere"))).toBe(false);
}, 120_000);

test("the report has the command as it was given, and another file is refused its folder", async () => {
  await lab("own");
  const command = `npx tutti lab run ${outOf("own")}.yaml --out ${outOf("own")} --clients node --tabs 1 --public ${publicDir}`;
  expect((await resultIn("own")).command).toBe(command);
  expect(await readFile(join(outOf("own"), "report.html"), "utf8")).toContain(command);
  await expect(lab("intruder", {}, { more: { out: outOf("own") } })).rejects.toThrow(
    'found "own", expected "intruder"; give another --out',
  );
  expect((await resultIn("own")).name).toBe("own");
  expect((await lab("own", { title: "Edited" })).said).toContain("1 run done. Report:");
}, 120_000);

test("on an experiment's fleets device i has the machine i, and its plan says so in the result", async () => {
  const [quick, slow] = [
    { flopsPerSecond: 5e9, memoryBytes: 50e6, bytesPerSecond: 1e7 },
    { flopsPerSecond: 4e9, memoryBytes: 40e6, bytesPerSecond: 5e6 },
  ];
  const strategy = { "strategy.roundSeconds": 60, "strategy.bits": [], "strategy.warmupRank": 2, "strategy.ranks": [1, 2] };
  const change = {
    settings: { ...experiment.settings, numDevices: 2, minDevices: 2, numRounds: 2, evaluateEvery: 2 },
    methods: [{ name: "fedPipe", set: strategy }],
    fleets: { uneven: { machines: [quick, slow] }, uniform: { machines: [quick] } },
  };
  const { end } = await lab("fleets", change, { more: { numTabs: null } });
  expect(end).toEqual({ kind: "finished", numFailed: 0 });
  const { runs } = await resultIn("fleets");
  expect(runs.map(({ variant, plans }) => [variant, plans?.map(({ deviceId, machine }) => [deviceId, machine])])).toEqual([
    [
      { fleet: "uneven" },
      [
        [0, { ...quick, baseForm: "unpacked" }],
        [1, { ...slow, baseForm: "unpacked" }],
      ],
    ],
    [
      { fleet: "uniform" },
      [
        [0, { ...quick, baseForm: "unpacked" }],
        [1, { ...quick, baseForm: "unpacked" }],
      ],
    ],
  ]);
}, 120_000);
