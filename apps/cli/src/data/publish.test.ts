import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { renameSync } from "node:fs";
import { cp, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readDatasetCards } from "@tutti/data/node";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createDataBench, type DataBench } from "../testing/dataCommands.ts";
import { addData } from "./add.ts";
import type { PublishPorts } from "./publish.ts";

let bench: DataBench;
let before: Record<string, string>;
let path: string;

const rows = (word: string) => `text,label\n${Array.from({ length: 12 }, (_, i) => `${word} ${i},${i % 2 === 0 ? "x" : "y"}\n`).join("")}`;

beforeEach(async () => {
  bench = await createDataBench();
  await bench.add(await bench.file("own.csv", rows("old")));
  before = await bench.everything();
  path = await bench.file("own.csv", rows("new"));
});
afterEach(() => bench.remove());

async function addWith(ports: PublishPorts): Promise<void> {
  const spy = vi.spyOn(console, "log").mockReturnValue(undefined);
  await addData(path, { datasets: bench.datasets, downloads: join(bench.folder, "downloads") }, ports).finally(() => spy.mockRestore());
}
const failure = (code: string) => Object.assign(new Error(code), { code });

/** Only the data set that was there, as it was. */
async function expectUntouched(): Promise<void> {
  expect(await bench.everything()).toEqual(before);
  expect(await readdir(bench.datasets)).toEqual(["own"]);
}

test("a task that runs could not read is refused before anything is touched", async () => {
  const long = await bench.file("long.csv", `text,label\n${"a,x\nb,y\n".repeat(3)}`);
  for (const [words, message] of [
    [["--title", ""], 'dataset.json: task.title is "", expected text'],
    [["--classes", "x,y,"], 'dataset.json: task.classes is "", expected text'],
    [["--classes", "x,y", "--words", "a,"], 'dataset.json: task.prompts.labelWords is "", expected text'],
    [["--licence", ""], 'dataset.json: licence is "", expected text'],
    [["--test", long, "--label", "none"], 'own.csv has no column "none"'],
    [["--classes", "x,z"], "6 of 12 rows cannot be used"],
  ] as const)
    await expect(bench.add(path, ...words), words.join(" ")).rejects.toThrow(message);
  await expectUntouched();
});

test("whatever step fails, what was there stays byte for byte and nothing lies beside it", async () => {
  const steps: PublishPorts[] = ["train.jsonl", "test.jsonl", "dataset.json"].flatMap((name) =>
    ["ENOSPC", "EIO"].map((code) => ({
      writeFile: async (file, text) => {
        await writeFile(file, text.slice(0, 10));
        if (file.endsWith(name)) throw failure(code);
      },
    })),
  );
  const renameTo = (end: string): PublishPorts => ({
    rename: (from, to) => {
      if (to.endsWith(end) && from.endsWith(end === "own" ? ".unfinished" : "own")) throw failure("EPERM");
      renameSync(from, to);
    },
  });
  for (const ports of [...steps, renameTo(".previous"), renameTo("own")]) {
    await expect(addWith(ports)).rejects.toThrow(/the disk is full|EIO|EPERM/);
    await expectUntouched();
  }
  await bench.add(path);
  expect(await bench.rows("own")).toContainEqual({ text: "new 0", label: "x" });
  expect(await readdir(bench.datasets)).toEqual(["own"]);
});

test("a stop in the middle leaves what was there, and says so", async () => {
  const controller = new AbortController();
  const stopping: PublishPorts = {
    signal: controller.signal,
    writeFile: async (file, text) => {
      await writeFile(file, text);
      controller.abort(new Error("stopped by SIGINT"));
    },
  };
  await expect(addWith(stopping)).rejects.toThrow("stopped by SIGINT");
  await expectUntouched();
});

test("a command that is killed or interrupted again and again never leaves anything but the old or the new data set", {
  timeout: 120_000,
}, async () => {
  const bin = fileURLToPath(new URL("../../bin/tutti.mjs", import.meta.url));
  const many = await bench.file("own.csv", rows("new") + Array.from({ length: 20_000 }, (_, i) => `more ${i},x\n`).join(""));
  for (const signal of ["SIGKILL", "SIGINT"] as const) {
    const child = spawn(process.execPath, [bin, "data", "add", many, "--datasets", bench.datasets], { stdio: "ignore" });
    const ended = once(child, "exit");
    while (child.exitCode === null && !(await readdir(bench.datasets)).some((name) => name.endsWith(".unfinished")))
      await new Promise((resolve) => setImmediate(resolve));
    child.kill(signal);
    await ended;
    expect((await readDatasetCards(bench.datasets)).map(({ task }) => task.name)).toEqual(["own"]);
    const found = await bench.rows("own");
    expect([12, 20_012]).toContain(found.length);
    if (found.length === 12)
      expect(Object.fromEntries(Object.entries(await bench.everything()).filter(([file]) => !file.includes(".un")))).toEqual(before);
  }
  await bench.add(many);
  expect(await readdir(bench.datasets)).toEqual(["own"]);
});

test("two commands at once do not mix their data sets, and what an ended one left is cleared away", async () => {
  const slow: PublishPorts = {
    writeFile: async (file, text) => {
      await writeFile(file, text);
      await mkdir(join(bench.datasets, `own.${process.ppid}.unfinished`), { recursive: true }); // another command at work
    },
  };
  for (const left of ["own.unfinished", "own.999999999.unfinished"]) await mkdir(join(bench.datasets, left));
  await addWith(slow);
  expect((await readdir(bench.datasets)).sort()).toEqual(["own", `own.${process.ppid}.unfinished`].sort());
  expect(await bench.rows("own")).toHaveLength(12);
});

test("a machine that went down between the two renames finds the old data set again", async () => {
  const own = join(bench.datasets, "own");
  await cp(own, `${own}.unfinished`, { recursive: true });
  await rename(own, `${own}.previous`);
  expect((await readDatasetCards(bench.datasets)).map(({ task }) => task.name)).toEqual(["own"]);
  await rm(`${own}.unfinished`, { recursive: true });
  await expectUntouched();
  await rename(own, `${own}.previous`);
  await expect(addWith({ writeFile: () => Promise.reject(failure("EIO")) })).rejects.toThrow("EIO");
  await expectUntouched();
  await cp(own, `${own}.previous`, { recursive: true });
  expect((await readDatasetCards(bench.datasets)).map(({ task }) => task.name)).toEqual(["own"]);
  await bench.add(path);
  expect(await readdir(bench.datasets)).toEqual(["own"]);
});

test("a folder that no data add made is never replaced, and no data set is called like one that is being replaced", async () => {
  for (const name of ["own.previous", "own.unfinished"])
    await expect(bench.add(path, "--name", name)).rejects.toThrow(`"${name}" ends like a folder that is being replaced`);
  await mkdir(join(bench.datasets, "other"));
  await writeFile(join(bench.datasets, "other/thesis.txt"), "years of work");
  await expect(bench.add(path, "--name", "other")).rejects.toThrow(
    /other is there and is not a data set that was added \(it has no dataset\.json\)/,
  );
  await writeFile(join(bench.datasets, "file"), "mine");
  await expect(bench.add(path, "--name", "file")).rejects.toThrow("file is a file: remove it, or give the data set another --name");
  expect(await bench.everything()).toEqual({
    ...before,
    file: Buffer.from("mine").toString("base64"),
    "other/thesis.txt": Buffer.from("years of work").toString("base64"),
  });
});

test("git ignores what backbone add and data add write, and keeps what comes with Tutti", (context) => {
  const project = fileURLToPath(new URL("../../../..", import.meta.url));
  const isIgnored = (file: string) => spawnSync("git", ["check-ignore", "-q", "--no-index", file], { cwd: project }).status;
  if (isIgnored("node_modules/any") !== 0) return context.skip("skipped: no git checkout");
  const ignored = [
    "backbones/my-roberta/manifest.json",
    "backbones/my-roberta.unfinished/a.bin",
    "datasets/own/train.jsonl",
    "prompts/minuet/a-2.json",
  ];
  const kept = ["backbones/minuet/manifest.json", "backbones/minuet/README.md", "datasets/feedback/train.jsonl"];
  expect(ignored.map((file) => isIgnored(`public/${file}`))).toEqual(ignored.map(() => 0));
  expect(kept.map((file) => isIgnored(`public/${file}`))).toEqual(kept.map(() => 1));
});
