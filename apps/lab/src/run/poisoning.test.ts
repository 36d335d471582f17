import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ExperimentResult } from "@tutti/record";
import { mergeDeep, readSettingsFile } from "@tutti/server";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { readExperiment } from "../experiment/experimentFile.ts";
import { allRuns, planExperiment } from "../experiment/runPlan.ts";
import { writeTinyPublic } from "../testing/tinyPublic.ts";
import { experimentsFolder, labOptions } from "./options.ts";
import { runExperiment } from "./runExperiment.ts";

const folder = temporaryFolder();
const publicDir = join(folder.path, "public");
const preset = join(experimentsFolder, "poisoning.yaml");

beforeAll(() => writeTinyPublic(publicDir));
afterAll(() => folder.remove());

test("the experiment poisoning tries every attack at 10, 20 and 40 % against every rule that it names, in at most 120 runs", async () => {
  const { experiment } = await readExperiment(preset);
  const runs = allRuns(planExperiment(experiment));
  expect(runs.length).toBeLessThanOrEqual(120);
  const conditions = new Set(runs.map(({ variant, methodTitle }) => `${variant.attack} ${variant.attackers} ${methodTitle}`));
  const attacks = new Set(experiment.attacks.map(({ name }) => name));
  const rules = ["mean", "norm clipping", "coordinate median", "trimmed mean", "multi-Krum", "geometric median", "centred clipping"];
  for (const rule of rules) expect(conditions).toContain(`none 0 % ${rule}`);
  for (const { name, kind, methods } of experiment.attacks.filter(({ fractions }) => fractions.includes(0.2)))
    for (const rule of methods ?? rules) expect(conditions, kind).toContain(`${name} 20 % ${rule}`);
  for (const name of attacks)
    for (const attackers of ["10 %", "40 %"])
      expect([...conditions].filter((one) => one.startsWith(`${name} ${attackers} `)).length, name).toBeGreaterThanOrEqual(2);
  expect(runs.every(({ settings }) => settings.cohortSize === 20 && settings.numDevices === 20)).toBe(true);
});

/** One round of five devices of a tiny backbone, of which two attack. */
async function experimentFile(): Promise<string> {
  const settings = { backbone: "tiny", numDevices: 5, minDevices: 5, cohortSize: 5, numRounds: 1, evaluateEvery: 1 };
  const { methods, attacks: _, budget: __, ...built } = readSettingsFile(preset);
  const attacks = [
    { name: "sign flip", kind: "signFlip", fractions: [0.4], methods: ["mean"] },
    { name: "backdoor", kind: "backdoor", trigger: { text: "blue umbrella :", target: 3 }, fractions: [0.4], methods: ["mean"] },
    { name: "min-max", kind: "minMax", fractions: [0.4], methods: ["coordinate median"] },
  ];
  const path = join(folder.path, "poisoning.json");
  const two = (methods as readonly { readonly title: string }[]).filter(({ title }) => ["mean", "coordinate median"].includes(title));
  await writeFile(path, JSON.stringify({ ...(mergeDeep(built, { settings }) as object), methods: two, attacks }));
  return path;
}

test("attackers with the real trainer change what a run comes to; who they were and how a trigger works is recorded and shown", async () => {
  const out = join(folder.path, "out");
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const end = await runExperiment(labOptions(await experimentFile(), { publicDir, out, numTabs: 1, isConfirmed: true }));
  vi.restoreAllMocks();
  expect(end).toEqual({ kind: "finished", numFailed: 0 });
  const { runs, command }: ExperimentResult = JSON.parse(await readFile(join(out, "results.json"), "utf8"));
  expect(command).not.toContain("--clients"); // the file says it
  expect(runs.map(({ methodTitle, variant, seed }) => `${methodTitle}, ${variant.attack}, ${seed}`)).toEqual([
    "mean, none, 1",
    "mean, sign flip, 1",
    "mean, backdoor, 1",
    "coordinate median, none, 1",
    "coordinate median, min-max, 1",
  ]);
  expect(runs.every(({ clients }) => clients === "node")).toBe(true);
  const honest = runs.filter(({ variant }) => variant.attack === "none");
  expect(honest.every(({ attack }) => attack === undefined)).toBe(true);
  const attacked = runs.filter(({ variant }) => variant.attack !== "none");
  for (const { attack } of attacked) expect(attack?.attackers).toHaveLength(2);
  expect(new Set(runs.map(({ parametersSha256 }) => parametersSha256)).size).toBe(runs.length);
  for (const { backdoor } of runs) {
    expect(backdoor?.numTexts).toBeGreaterThan(0);
    expect(backdoor?.numHits).toBeLessThanOrEqual(backdoor?.numTexts ?? 0);
  }
  const page = await readFile(join(out, "report.html"), "utf8");
  expect(page).toContain('<section id="attacks">');
  expect(page).toContain("−5 times what they learn");
}, 240_000);

test("tabs do not attack: such an experiment is refused before anything starts", async () => {
  const options = labOptions(await experimentFile(), { publicDir, out: join(folder.path, "tabs"), clients: "tabs" });
  await expect(runExperiment(options)).rejects.toThrow("give --clients node, and no --remote");
});
