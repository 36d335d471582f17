import { execFile } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@playwright/test";
import type { RunResult } from "@tutti/record";
import { places, projectFolder } from "./setting/places.ts";
import { scratch } from "./setting/runs.ts";

const command = ["demo", "--backend", "wasm", "--threads", "1"];

test("`tutti demo` on one thread of WebAssembly ends with the parameters, layers and accuracies that it has always ended with", async () => {
  test.setTimeout(400_000);
  await mkdir(places.runs, { recursive: true });
  const path = scratch("golden.json");
  const tutti = join(projectFolder, "apps/cli/bin/tutti.mjs");
  await promisify(execFile)(process.execPath, [tutti, ...command, "--json", path, "--out", scratch("golden")], { cwd: projectFolder });
  const { parametersSha256, selectedLayers, accuracy }: RunResult = JSON.parse(await readFile(path, "utf8"));
  expect(selectedLayers).toEqual([1, 2, 3]);
  expect(accuracy).toMatchObject({ global: 181 / 288, personalised: 195 / 288, newcomer: 177 / 288, globalBest: 188 / 288 });
  expect(parametersSha256).toBe("2ed857e28dabe931288b1c990b7492fd53d2be8e9061d03556ab2af3ab34dad3");
});
