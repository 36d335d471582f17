import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { methodNames } from "./methods.ts";
import { serverRates } from "./strategies/serverRates/table.ts";
import { strategies } from "./strategies/table.ts";
import { tunings } from "./tunings/table.ts";

const project = fileURLToPath(new URL("../../..", import.meta.url));
const declared = [...new Set([...Object.keys(strategies), ...Object.keys(tunings), ...Object.keys(serverRates), ...methodNames])];
/** A choice by one of their names: a flag or a function of the declaration says what is asked. */
const choice = new RegExp(`([!=]==? "(${declared.join("|")})")|(case "(${declared.join("|")})":)`);

/** A choice by a setting that only some of them have, which is the same in disguise. */
const disguised = /"\w+" in (\w+\.)*(tuning|strategy)\b/;
/** The table of strategies itself, what is asked of the settings in it, and settings that are not checked yet, whose method may be none. */
const allowed = [
  "packages/core/src/strategies/table.ts",
  "packages/core/src/strategies/ownSettings.ts",
  "apps/lab/src/experiment/attemptSources.ts",
  "apps/lab/src/experiment/methodModules.ts",
];

/** The sources below a folder, without tests and what is built. */
function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ["node_modules", "dist"].includes(entry.name) ? [] : sourcesIn(path);
    return /\.tsx?$/.test(entry.name) && !/\.(test|e2e|d)\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

test("no file chooses by the name of a strategy, a tuning method or a method of the comparison", () => {
  const files = ["packages", "apps", "e2e"].flatMap((folder) => sourcesIn(join(project, folder)));
  expect(files.length).toBeGreaterThan(300);
  expect(linesLike(choice, files)).toEqual([]);
  const others = files.filter((path) => !allowed.includes(relative(project, path)) && !path.includes("/testing/"));
  expect(linesLike(disguised, others)).toEqual([]);
});

/** Where the pattern is found, with the line. */
function linesLike(pattern: RegExp, files: readonly string[]): string[] {
  return files.flatMap((path) =>
    readFileSync(path, "utf8")
      .split("\n")
      .flatMap((line, at) => (pattern.test(line) ? [`${relative(project, path)}:${at + 1}: ${line.trim()}`] : [])),
  );
}

test("the search finds what it looks for", () => {
  for (const line of ['if (tuning.method !== "attempt") return;', 'case "fedAvg":', 'x.name === "constant"']) expect(line).toMatch(choice);
  for (const line of ['"promptTokens" in tuning ? 1 : 0', 'if ("selector" in run.strategy)']) expect(line).toMatch(disguised);
  expect('if (kind === "train") return;').not.toMatch(choice);
});
