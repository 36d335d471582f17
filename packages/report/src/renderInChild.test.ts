import { fork } from "node:child_process";
import { watch } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { scriptBeside } from "@tutti/data/node";
import { experimentOfRun } from "@tutti/record";
import { exampleRun } from "@tutti/record/testing";
import { temporaryFolder } from "@tutti/terminal/testing";
import { expect, test } from "vitest";
import { writeRunReport } from "./files.ts";
import { readExperimentResult } from "./readResult.ts";
import { renderInChild } from "./renderInChild.ts";

const result = experimentOfRun(exampleRun, { startedAt: "2026-01-02T03:04:05.000Z" });

test("its own process leaves the three files, and says why where it cannot", async () => {
  const { path, remove } = temporaryFolder();
  try {
    await renderInChild(result, path);
    expect((await readdir(path)).sort()).toEqual(["report.html", "results.csv", "results.json"]);
    expect(await readExperimentResult(path)).toEqual(result);
    expect(await readFile(join(path, "report.html"), "utf8")).toMatch(/^<!doctype html>.*<\/html>\n$/s);
    await writeFile(join(path, "file"), "");
    await expect(renderInChild(result, join(path, "file"))).rejects.toThrow("ENOTDIR");
  } finally {
    remove();
  }
}, 60_000);

test("a process that is killed while it writes leaves every file whole, and the next one writes them all", async () => {
  const { path, remove } = temporaryFolder();
  const names = ["report.html", "results.csv", "results.json"];
  const contents = () => Promise.all(names.map((name) => readFile(join(path, name), "utf8")));
  const later = { ...result, title: "later" };
  try {
    await writeRunReport(later, path);
    const written = await contents();
    await writeRunReport(result, path);
    const before = await contents();
    const script = scriptBeside(import.meta.url, "renderChild");
    const child = fork(script.path, {
      execArgv: [...script.execArgv],
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const ended = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)));
    const watcher = watch(path, (_, name) => void (name?.endsWith(".new") && child.kill("SIGKILL")));
    child.send({ result: later, folder: path });
    expect(await ended).toBe("SIGKILL");
    watcher.close();
    for (const [index, text] of (await contents()).entries()) expect([before[index], written[index]]).toContain(text);
    await renderInChild(later, path);
    expect(await contents()).toEqual(written);
  } finally {
    remove();
  }
}, 60_000);
