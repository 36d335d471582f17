import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readExperiment } from "./experimentFile.ts";
import { clientsInAll, clientsPerRun, machinesOf, readFleet } from "./fleet.ts";
import { allRuns, planExperiment } from "./runPlan.ts";

const folder = await mkdtemp(join(tmpdir(), "tutti-fleet-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fleetOf(text: string) {
  const path = join(folder, "fleet.yaml");
  await writeFile(path, text);
  return readFleet(path);
}

test("a fleet's machines are read in their order", async () => {
  const text =
    "machines:\n  - { flopsPerSecond: 2e9, memoryBytes: 200000000, bytesPerSecond: 1e6 }\n  - { flopsPerSecond: 1e9, memoryBytes: 50000000, bytesPerSecond: 1e5 }\n";
  expect(await fleetOf(text)).toEqual([
    { flopsPerSecond: 2e9, memoryBytes: 2e8, bytesPerSecond: 1e6 },
    { flopsPerSecond: 1e9, memoryBytes: 5e7, bytesPerSecond: 1e5 },
  ]);
});

test("a fleet that cannot be used is refused with a sentence that names the file and the place", async () => {
  await expect(fleetOf("machines: []")).rejects.toThrow(/fleet.yaml is not a fleet, which is a list of machines .*:\n {2}machines/);
  await expect(fleetOf("machines: [{ flopsPerSecond: -1, memoryBytes: 2e8, bytesPerSecond: 1e6 }]")).rejects.toThrow(
    /machines.*flopsPerSecond: found -1/,
  );
  await expect(fleetOf("machines: [")).rejects.toThrow("fleet.yaml");
  expect(() => readFleet(join(folder, "none.yaml"))).toThrow("none.yaml");
});

const [slow, fast] = [
  { flopsPerSecond: 1e9, memoryBytes: 5e7, bytesPerSecond: 1e5 },
  { flopsPerSecond: 2e9, memoryBytes: 2e8, bytesPerSecond: 1e6 },
] as const;
const two =
  "machines:\n  - { flopsPerSecond: 1e9, memoryBytes: 5e7, bytesPerSecond: 1e5 }\n  - { flopsPerSecond: 2e9, memoryBytes: 2e8, bytesPerSecond: 1e6 }\n";
const experiment = "title: A\nquestion: B?\ntasks: [feedback/topic]\nseeds: [7]\nmethods: [fedPepTao]\ntabsPerRun: 3\n";

async function experimentOf(text: string): Promise<string> {
  await writeFile(join(folder, "uneven.yaml"), two);
  await writeFile(join(folder, "mine.yaml"), `${experiment}${text}`);
  return join(folder, "mine.yaml");
}

test("every run is made on each fleet that the experiment's file names, tab i as machine i, and each is another run", async () => {
  const fleets =
    "fleets:\n  uneven: uneven.yaml\n  uniform: { machines: [{ flopsPerSecond: 2e9, memoryBytes: 2e8, bytesPerSecond: 1e6 }] }\n";
  const { experiment: whole } = await readExperiment(await experimentOf(fleets));
  const runs = allRuns(planExperiment(whole));
  expect(runs.map(({ variant, fleet }) => [variant, fleet])).toEqual([
    [{ fleet: "uneven" }, [slow, fast, slow]],
    [{ fleet: "uniform" }, [fast, fast, fast]],
  ]);
  const plain = allRuns(planExperiment((await readExperiment(await experimentOf(""))).experiment));
  expect(plain[0]?.fleet).toBeUndefined();
  expect(new Set([...runs, ...plain].map(({ id }) => id)).size).toBe(3);
});

test("a fleet that the command line names takes the place of the file's, and one fleet is no column of the tables", async () => {
  const path = await experimentOf("fleets: { uniform: { machines: [{ flopsPerSecond: 2e9, memoryBytes: 2e8, bytesPerSecond: 1e6 }] } }\n");
  const { experiment: whole } = await readExperiment(path, { fleet: join(folder, "uneven.yaml") });
  expect(whole.fleets).toEqual({ uneven: { machines: [slow, fast] } });
  expect(allRuns(planExperiment(whole)).map(({ variant, fleet }) => [variant, fleet])).toEqual([[{}, [slow, fast, slow]]]);
});

test("a run has a tab for every machine, however few cores there are, and fewer tabs are refused", () => {
  const fleets = { uneven: { machines: [slow, fast, fast] }, uniform: { machines: [fast] } };
  expect(clientsPerRun({ tabsPerRun: 2, fleets })).toBe(3);
  expect(clientsPerRun({ tabsPerRun: 5, fleets })).toBe(5);
  expect(machinesOf(fleets.uneven, 4)).toEqual([slow, fast, fast, slow]);
  expect(clientsInAll({ tabsPerRun: 1, fleets }, 2, null)).toBe(3);
  expect(clientsInAll({ tabsPerRun: 1, fleets }, 8, null)).toBe(8);
  expect(clientsInAll({ tabsPerRun: 4, fleets: {} }, 2, null)).toBe(2);
  expect(() => clientsInAll({ tabsPerRun: 1, fleets }, 8, 2)).toThrow("--tabs 2: each run needs 3 tabs");
});

test("a fleet of an experiment that cannot be used is refused with a sentence that names the place", async () => {
  await expect(experimentOf("fleets: { none: missing.yaml }\n").then((path) => readExperiment(path))).rejects.toThrow("missing.yaml");
  await expect(experimentOf("fleets: { one: { machines: [] } }\n").then((path) => readExperiment(path))).rejects.toThrow(
    /fleets\.one\.machines/,
  );
  const twice = "fleets: { a: uneven.yaml, b: uneven.yaml }\ngrid: { fleet: { path: numRounds, values: [3] } }\n";
  await expect(experimentOf(twice).then((path) => readExperiment(path))).rejects.toThrow(
    "grid.fleet: fleets are an axis of that name already",
  );
});
