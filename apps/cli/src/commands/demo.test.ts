import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { presets } from "@tutti/core";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, expect, test } from "vitest";
import { createProgram } from "../program.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const demo = (...words: string[]) => createProgram().parseAsync(["demo", "--out", folder.path, ...words], { from: "user" });

test("what makes no sense for FedPT is refused with a sentence that says why", async () => {
  await expect(demo("--system", "fedpt", "--fleet", "four.yaml")).rejects.toThrow("FedPT plans the same for every client");
  await expect(demo("--system", "fedpt", "--start-from", "mine")).rejects.toThrow("FedPT's small model starts as it was pretrained");
  await expect(demo("--rows", "all")).rejects.toThrow("--rows chooses the rows of FedPT's report: add --system fedpt, or leave it out");
  await expect(demo("--system", "fedpt", "--task", "topic")).rejects.toThrow("FedPT's demo works with text tasks only");
});

test("a stopped demo of FedPT is known by its folder, and takes no settings that it has already", async () => {
  mkdirSync(join(folder.path, "mine"));
  writeFileSync(
    join(folder.path, "mine", "config.json"),
    JSON.stringify({ system: "fedpt", runId: "mine", numTabs: 1, run: presets.demo }),
  );
  await expect(demo("--resume", "mine", "--seed", "3", "--rows", "all")).rejects.toThrow(
    "--resume goes on with the run's own settings: leave out --seed, --rows",
  );
  await expect(demo("--resume", "mine")).rejects.toThrow("run mine is not a demo of FedPT"); // its strategy is another
});
