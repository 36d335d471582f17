import { existsSync, mkdirSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { listRuns, runStatus } from "./commands/run.ts";
import { ConfigError } from "./config.ts";
import { startCoordinator } from "./coordinator.ts";
import { memoryStore } from "./journal/keyValueStore.ts";
import { openRunFolder } from "./runFolder.ts";
import { temporaryFolder } from "./testing/startTest.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";
import { tunedParameters } from "./tuned.ts";
import { lockRunFolder, makeRunFolder } from "./writableFolder.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const file = join(folder.path, "file");
writeFileSync(file, "");

function refused(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replaceAll(folder.path, "");
    throw error;
  }
  return "";
}

test("a run's folder that cannot be made is told with the reason and with --out", () => {
  expect(refused(() => openRunFolder(file, "mine", false))).toBe(
    "the folder /file/mine cannot be written: a file is in its way; give another folder with --out",
  );
  writeFileSync(join(folder.path, "taken"), "");
  expect(refused(() => openRunFolder(folder.path, "taken", false))).toContain("a file of that name exists; give another folder with --out");
  symlinkSync(join(folder.path, "b"), join(folder.path, "a"));
  symlinkSync(join(folder.path, "a"), join(folder.path, "b"));
  expect(refused(() => openRunFolder(join(folder.path, "a"), "mine", false))).toMatch(
    /links point at each other in a circle|file of that name/,
  );
  expect(refused(() => openRunFolder(folder.path, "x".repeat(300), false))).toContain(
    "its name is too long; give another folder with --out",
  );
});

test("so is one without a name, and one where nothing can be made; both end at once", () => {
  expect(refused(() => makeRunFolder(""))).toBe("the name of the folder is empty; give a folder with --out");
  if (existsSync("/proc/self"))
    expect(refused(() => makeRunFolder("/proc/none/mine"))).toBe(
      "the folder /proc/none/mine cannot be written: the system can create nothing there; give another folder with --out",
    );
  expect(refused(() => makeRunFolder(file, { option: "--state" }))).toBe(
    "the folder /file cannot be written: a file of that name exists; give another folder with --state",
  );
  const deep = join(folder.path, "a run", "of", "mine");
  makeRunFolder(`${deep}/`);
  makeRunFolder(deep);
  expect(existsSync(deep)).toBe(true);
});

test("so is one that takes no lock, and one that another process has or this one already", () => {
  expect(refused(() => lockRunFolder(file))).toBe(
    "the folder /file cannot be written: a file is in its way; give another folder with --out",
  );
  const mine = join(folder.path, "mine");
  mkdirSync(join(mine, "lock"), { recursive: true });
  expect(refused(() => lockRunFolder(mine))).toBe(
    "the folder /mine cannot be written: there is a folder where a file belongs; give another folder with --out",
  );
  rmdirSync(join(mine, "lock"));
  const giveBack = lockRunFolder(mine);
  expect(refused(() => lockRunFolder(mine))).toContain(
    `/mine is in use by process ${process.pid}: stop that process, or choose another run`,
  );
  giveBack();
});

test("a coordinator whose folder is a file is refused before it listens, and leaves the file", async () => {
  const run = tinyFedAvg();
  const tuned = tunedParameters(run, { numLayers: 3, hiddenSize: 5, keyValueWidth: 4, queryWidth: 4 }, 3);
  const options = { dataDir: file, host: "127.0.0.1", port: 0, pagesDir: null, logLevel: "silent", run } as const;
  await expect(startCoordinator(options, { tuned, store: memoryStore() })).rejects.toThrow("give another folder with --out");
  expect(existsSync(file)).toBe(true);
});

test("runs are looked for in folders only", async () => {
  const expected = `${file} is a file, expected a folder of runs; give another one with --out`;
  await expect(listRuns(file)).rejects.toThrow(expected);
  await expect(runStatus(file)).rejects.toThrow(expected);
  mkdirSync(join(folder.path, "empty"));
  expect(await listRuns(join(folder.path, "empty"))).toEqual([]);
  expect(await listRuns(join(folder.path, "nowhere"))).toEqual([]);
});
