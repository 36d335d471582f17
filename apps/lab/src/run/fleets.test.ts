import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ExperimentResult } from "@tutti/record";
import { mergeDeep, readSettingsFile } from "@tutti/server";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { writeTinyPublic } from "../testing/tinyPublic.ts";
import { experimentsFolder, labOptions } from "./options.ts";
import { runExperiment } from "./runExperiment.ts";

const folder = temporaryFolder();
const publicDir = join(folder.path, "public");

beforeAll(() => writeTinyPublic(publicDir));
afterAll(() => folder.remove());

/** The built-in experiment on a tiny backbone: two rounds of two devices, whose machines are slow enough that a cheap one has less to do. */
async function experimentFile(): Promise<string> {
  const settings = { backbone: "tiny", numDevices: 2, minDevices: 2, cohortSize: 2, numRounds: 2, evaluateEvery: 2 };
  const fleets = {
    uneven: {
      machines: [
        { flopsPerSecond: 20e9, memoryBytes: 1e9, bytesPerSecond: 10e6 },
        { flopsPerSecond: 9e9, memoryBytes: 1e8, bytesPerSecond: 5e5 },
      ],
    },
  };
  const { fleets: _, tabsPerRun: __, ...built } = readSettingsFile(join(experimentsFolder, "fleets.yaml"));
  const path = join(folder.path, "fleets.json");
  await writeFile(path, JSON.stringify({ ...(mergeDeep(built, { settings }) as object), fleets }));
  return path;
}

test("the experiment fleets runs every method on simulated machines, and its report says how each uses them", async () => {
  const out = join(folder.path, "out");
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const end = await runExperiment(labOptions(await experimentFile(), { publicDir, out, clients: "node", isConfirmed: true }));
  vi.restoreAllMocks();
  expect(end).toEqual({ kind: "finished", numFailed: 0 });
  const { runs }: ExperimentResult = JSON.parse(await readFile(join(out, "results.json"), "utf8"));
  expect(runs.map(({ method }) => method)).toEqual(["fedPipe", "lora", "hetLora", "fLora", "fedAdapter"]);
  for (const { method, steps = [] } of runs) {
    const trained = steps.filter(({ kind }) => kind === "train");
    expect(trained, method).toHaveLength(2);
    for (const { devices = [], seconds } of trained) {
      expect(
        devices.map(({ deviceId }) => deviceId),
        method,
      ).toEqual([0, 1]);
      const [fast, slow] = devices;
      expect(Math.max(fast?.seconds ?? 0, slow?.seconds ?? 0), method).toBeLessThanOrEqual(seconds + 0.01);
      expect(fast?.plannedSeconds, method).toBeLessThan(slow?.plannedSeconds ?? 0);
    }
  }
  const shapes = (method: string) => runs.find((run) => run.method === method);
  expect(shapes("hetLora")?.bytes.up).toBeLessThan(shapes("lora")?.bytes.up ?? 0); // rank 2 of 8 on the slow machine
  expect(shapes("fedAdapter")?.bytes.up).toBeLessThan(shapes("hetLora")?.bytes.up ?? 0);
  expect(shapes("fedAdapter")?.sizes?.[0]).toEqual({ round: 1, depth: 1, width: 2 });
  const page = await readFile(join(out, "report.html"), "utf8");
  expect(page).toContain("under-use of device 1");
}, 180_000);
