import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { simulatedRun } from "@tutti/record/testing";
import { ConfigError } from "@tutti/server";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ExperimentError, parseExperiment } from "../experiment/experimentFile.ts";
import { setBadAside } from "./readFolder.ts";
import { takeFolder } from "./takeFolder.ts";

let folder: ReturnType<typeof temporaryFolder>;
let path: string;
beforeEach(async () => {
  folder = temporaryFolder();
  path = join(folder.path, "out");
  await mkdir(path);
});
afterEach(() => folder.remove());

const named = (name: string, title = "Do more epochs help?") => ({
  name,
  experiment: parseExperiment({ title, question: "B?", tasks: ["subj"], seeds: [1], methods: ["lora"] }, `${name}.yaml`),
});
const write = (name: string, text: string) => writeFile(join(path, name), text);
const take = async (name: string, title?: string) => (await takeFolder(path, named(name, title), false)).giveBack();

test("a folder is of one process at a time: the second is refused until the first gives it back or is dead", async () => {
  await write("lock", String(process.ppid));
  await expect(take("mine")).rejects.toThrow(ConfigError);
  await expect(take("mine")).rejects.toThrow(`${path} is in use by process ${process.ppid}: stop that process, or give another --out (if`);
  await (await takeFolder(path, named("mine"), true)).giveBack();
  expect(await readFile(join(path, "lock"), "utf8")).toBe(String(process.ppid));
  await write("lock", "2147483646"); // above any process number
  const taken = await takeFolder(path, named("mine"), false);
  expect(Number.parseInt(await readFile(join(path, "lock"), "utf8"), 10)).toBe(process.pid);
  await taken.giveBack();
  expect(existsSync(join(path, "lock"))).toBe(false);
});

test("a folder of another experiment is refused by the name that was started there last", async () => {
  const memory = { ports: [], backend: "auto", startedAt: "2026-01-02T03:04:05.000Z" };
  await write("pool.json", JSON.stringify(memory));
  await write("results.json", JSON.stringify({ name: "first" }));
  await expect(take("second")).rejects.toThrow(ExperimentError);
  await expect(take("second")).rejects.toThrow(
    `${path} holds another experiment: found "first", expected "second"; give another --out, and --reuse ${path} to use the results of the runs that both have`,
  );
  await take("first", "An edited title");
  await write("pool.json", JSON.stringify({ ...memory, name: "third" }));
  await expect(take("first")).rejects.toThrow('found "third"');
  await take("third");
});

test("where an earlier start left no name, the title of its file tells, and a folder that says nothing is for anyone", async () => {
  await take("second");
  await write("experiment.yaml", "title: Do more epochs help?\n");
  await take("second");
  await expect(take("second", "Another title")).rejects.toThrow('found "Do more epochs help?", expected "Another title"');
  await write("experiment.yaml", "title: [");
  await write("results.json", '{"name":');
  await take("second", "Another title");
});

test("for an estimate nothing on the disk changes: what is written is found again, and what is broken is only told", async () => {
  const absent = join(folder.path, "absent");
  const nowhere = await takeFolder(absent, named("mine"), true);
  expect((await nowhere.out.readResults()).runs.size).toBe(0);
  await nowhere.giveBack();
  expect(existsSync(absent)).toBe(false);

  await mkdir(join(path, "runs/torn"), { recursive: true });
  await write("runs/torn/result.json", "{");
  const { out, workPath, giveBack } = await takeFolder(path, named("mine"), true);
  const lines: string[] = [];
  await setBadAside(out, (line) => lines.push(line));
  expect(lines).toEqual([
    expect.stringMatching(
      /torn\/result\.json is not a valid result \(.*\); a start renames it to result\.json\.bad and repeats the run\.$/,
    ),
  ]);
  const run = { ...simulatedRun({ method: "lora", task: "subj", seed: 3 }), id: "over" };
  await out.writeResult(run);
  await out.writeMemory({ ports: [], backend: "wasm", startedAt: "" });
  expect([...(await out.readResults()).runs]).toEqual([["over", run]]);
  await mkdir(join(workPath, "public"));
  await giveBack();
  expect(existsSync(workPath)).toBe(false);
  expect((await readdir(path, { recursive: true })).sort()).toEqual(["runs", "runs/torn", "runs/torn/result.json"]);
});

test("a folder that is a file, or below one, is told as that with --out, whether it is run or only estimated", async () => {
  await write("file", "");
  for (const isEstimate of [false, true]) {
    await expect(takeFolder(join(path, "file"), named("mine"), isEstimate)).rejects.toThrow(
      `${join(path, "file")} is a file, expected a folder of runs; give another one with --out`,
    );
  }
  await expect(takeFolder(join(path, "file", "below"), named("mine"), false)).rejects.toThrow(
    `the folder ${join(path, "file", "below", "runs")} cannot be written: a file is in its way; give another folder with --out`,
  );
});
