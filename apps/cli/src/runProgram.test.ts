import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@tutti/terminal/testing";
import { Command } from "commander";
import { afterEach, expect, test, vi } from "vitest";
import { createProgram } from "./program.ts";
import { explain, runProgram } from "./runProgram.ts";

const { argv, exitCode } = process;
for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(40); // each run adds one
afterEach(() => {
  Object.assign(process, { argv, exitCode });
  vi.restoreAllMocks();
});

/** What the command line ends with, and what it says on stderr. */
async function ended(program: Command, ...args: readonly string[]): Promise<readonly [exitCode: unknown, complaint: string]> {
  let complaint = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    complaint += String(text);
    return true;
  });
  process.argv = ["node", "tutti", ...args];
  await runProgram(program);
  vi.restoreAllMocks();
  return [process.exitCode, complaint];
}

test("what a command was given wrongly ends it with 2: settings, names, folders, runs", async () => {
  const folder = temporaryFolder();
  const runs = join(folder.path, "runs");
  const settings = join(folder.path, "wrong.yaml");
  writeFileSync(settings, "run: { numRounds: none }\n");
  mkdirSync(join(folder.path, "pages"));
  const pages = join(folder.path, "pages.yaml");
  writeFileSync(pages, `pagesDir: ${join(folder.path, "pages")}\n`);
  const served = ["serve", "--config", pages, "--port", "0", "--out", runs];
  const cases = [
    [["serve", "--config", settings, "--out", runs], "run.numRounds"],
    [["run", "start", settings, "--out", runs], "run.numRounds"],
    [[...served, "--task", "weather"], 'there is no task "weather"'],
    [[...served, "--backbone", "weather"], 'has no backbone "weather"'],
    [[...served, "--public", join(folder.path, "bare")], `${join(folder.path, "bare", "backbones")} has no backbone "minuet"`],
    [["run", "status", "nowhere", "--out", runs], "has no runs"],
    [["lab", "compare", folder.path, folder.path], "has no results.json: give the folder"],
    [["lab", "page", join(folder.path, "none"), folder.path], "has no results.json: give the folder"],
    [["lab", "run", "nope"], "there is no experiment or file nope"],
    [["demo", "--resume", "nope", "--out", runs], "there is no run nope to resume"],
    [["predict", "--prompts", "nowhere.safetensors"], "nowhere.safetensors"],
  ] as const;
  for (const [args, said] of cases) {
    const [code, complaint] = await ended(createProgram(), ...args);
    expect([args.join(" "), code]).toEqual([args.join(" "), 2]);
    expect(complaint).toContain(said);
    expect(complaint).not.toMatch(/\bE[A-Z]{4,}\b/);
  }
  folder.remove();
}, 30_000);

test("a failure at work ends with 1, such as no coordinator to stop", async () => {
  const folder = temporaryFolder();
  expect(await ended(createProgram(), "run", "stop", "--out", folder.path)).toEqual([1, expect.stringContaining("no coordinator")]);
  const failing = new Command("tutti").exitOverride().action(() => {
    throw new Error("the disk broke");
  });
  expect(await ended(failing)).toEqual([1, "tutti: the disk broke\n"]);
  folder.remove();
});

test("a file that the system refuses is told in words, without the system's code", () => {
  const refused = Object.assign(new Error("ENOENT: no such file or directory, open 'a/results.json'"), {
    code: "ENOENT",
    path: "a/results.json",
  });
  expect(explain(refused)).toBe("a/results.json: there is no such file or folder");
  expect(explain(new Error("the report cannot be written", { cause: refused }))).toBe(
    "the report cannot be written: a/results.json: there is no such file or folder",
  );
});
