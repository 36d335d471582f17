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
  const found = files.flatMap((path) =>
    readFileSync(path, "utf8")
      .split("\n")
      .flatMap((line, at) => (choice.test(line) ? [`${relative(project, path)}:${at + 1}: ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});

test("the search finds what it looks for", () => {
  for (const line of ['if (tuning.method !== "attempt") return;', 'case "fedAvg":', 'x.name === "constant"']) expect(line).toMatch(choice);
  expect('if (kind === "train") return;').not.toMatch(choice);
});
