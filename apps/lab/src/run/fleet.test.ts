import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readFleet } from "./fleet.ts";

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
