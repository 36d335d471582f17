import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compareExperiments, type ExperimentResult } from "@tutti/record";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { writeTextPublic } from "../testing/textPublic.ts";
import { labOptions } from "./options.ts";
import { type LabEnd, runExperiment } from "./runExperiment.ts";

const folder = temporaryFolder();
const publicDir = join(folder.path, "public");

const experiment = {
  title: "Replies",
  question: "Which factors are worth training?",
  base: "demo",
  settings: {
    numDevices: 2,
    minDevices: 2,
    cohortSize: 2,
    numRounds: 2,
    evaluateEvery: 1,
    partition: { kind: "iid" },
    training: { localEpochs: 2, batchSize: 4 },
    generation: { numAnswers: 4, maxNewTokens: 6 },
  },
  tasks: ["replies"],
  seeds: [1],
  methods: [{ name: "lora", set: { evaluateZeroShot: true } }, "ffaLora"],
  rates: { values: [0.001, 0.01] },
};

beforeAll(() => writeTextPublic(publicDir));
afterAll(() => folder.remove());

const outOf = (name: string) => join(folder.path, name);
const resultIn = async (name: string): Promise<ExperimentResult> => JSON.parse(await readFile(join(outOf(name), "results.json"), "utf8"));

async function lab(
  name: string,
  change: object = {},
  onText: (text: string) => void = () => undefined,
): Promise<{ end: LabEnd; said: string }> {
  const file = join(folder.path, `${name}.yaml`);
  await writeFile(file, JSON.stringify({ ...experiment, ...change }));
  const written: string[] = [];
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    onText(String(text));
    return written.push(String(text)) > 0;
  });
  try {
    const end = await runExperiment(labOptions(file, { out: outOf(name), clients: "node", numTabs: 1, publicDir }));
    return { end, said: written.join("") };
  } finally {
    spy.mockRestore();
  }
}

test("an experiment on a text task is stopped, goes on and is compared like one of classification, by the score of its texts", async () => {
  let isStopped = false;
  const stop = (text: string) => {
    if (isStopped || !text.startsWith("done ")) return;
    isStopped = true;
    process.emit("SIGINT", "SIGINT");
  };
  const first = await lab("texts", {}, stop);
  expect(first.end).toEqual({ kind: "stopped", signal: "SIGINT" });
  const second = await lab("texts");
  expect(second.end).toEqual({ kind: "finished", numFailed: 0 });
  expect(second.said).toMatch(/4 runs, [1-3] of them done/);
  const result = await resultIn("texts");
  const shown = result.runs.filter(({ isRateTrial }) => !isRateTrial);
  expect(shown.map(({ method, seed }) => `${method} ${seed}`)).toEqual(["lora 1", "ffaLora 1"]);
  for (const run of result.runs) {
    expect(run).toMatchObject({ metric: "rougeL", error: null, controls: { majority: null }, correct: null });
    expect(run.final.global?.score).toBe(run.final.global?.text?.rougeL);
    expect(run.final.global).toMatchObject({ numTexts: 4, text: { numGenerated: 4, numExamples: 12 } });
    // row by row it comes to the same
    expect(run.correctNote).toBeNull();
    expect(run.answerScores?.rows).toHaveLength(4);
    const [a = 0, b = 0, c = 0, d = 0] = run.answerScores?.scores ?? [];
    expect((a + b + c + d) / 4).toBeCloseTo(run.final.global?.score ?? Number.NaN, 9);
    // validation rows are not answered: their tokens choose the rate and the best round
    expect(run.bestValidation).toBeGreaterThan(0);
  }
  // the higher rate learns more of the same rows
  expect(result.rates.map(({ method, chosen }) => [method, chosen])).toEqual([
    ["lora", 0.01],
    ["ffaLora", 0.01],
  ]);
  // asked beside the run of one method and on the devices of the other, the backbone without anything tuned answers the same
  const [within, beside] = shown;
  const untuned = within?.curve.find(({ protocol, split }) => protocol === "zeroShot" && split === "test");
  expect(untuned?.score).toBeGreaterThan(0);
  expect(beside?.curve.some(({ protocol }) => protocol === "zeroShot")).toBe(false);
  expect(beside?.controls.zeroShot).toBe(untuned?.score);
  expect(await readFile(join(outOf("texts"), "report.html"), "utf8")).toContain("ROUGE-L");
  const [, compared] = compareExperiments({ ...result, runs: shown }, { ...result, runs: shown }).cells;
  expect(compared?.paired).toMatchObject({ difference: 0, isTie: true, numRows: 4 });
  expect(compared?.scores.find(({ protocol }) => protocol === "global")).toMatchObject({
    difference: 0,
    first: beside?.final.global?.score,
  });
}, 300_000);
