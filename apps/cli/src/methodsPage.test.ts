import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type MethodName, methods, presets, serverRates, sizeOf, strategies, tunedEntries, tunings } from "@tutti/core";
import { mergeDeep, readBackboneSizes } from "@tutti/server";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { methodsPageParts, withParts } from "./methodsPage.ts";

const project = fileURLToPath(new URL("../../..", import.meta.url));
const page = readFileSync(join(project, "docs/methods.md"), "utf8");
const oneLine = (text: string) => text.replaceAll(/\s+/g, " ");
const names = Object.keys(methods) as MethodName[];

/** A method's section, or nothing. */
function sectionOf(name: MethodName): string {
  const start = page.indexOf(`\n### ${methods[name].title} (\`${name}\`)\n`);
  if (start === -1) return "";
  const end = page.indexOf("\n### ", start + 1);
  return page.slice(start, end === -1 ? undefined : end);
}

/** Settings of the section laid over the default preset, as a settings file is. */
function settingsIn(section: string): unknown {
  const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(section) ?? [];
  const { run }: { run?: unknown } = parse(yaml) ?? {};
  return mergeDeep(presets.default, run);
}

test("docs/methods.md is what npm run docs writes from the tables of strategies and tuning methods", () => {
  const parts = methodsPageParts(readBackboneSizes(join(project, "public"), "minuet"));
  expect(withParts(page, parts) === page, "run npm run docs").toBe(true);
  expect(() => withParts("# Methods", parts)).toThrow("no place for table of methods");
});

test("docs/methods.md has a section for every method, with its publication and every deviation", () => {
  const missing: string[] = [];
  for (const name of names) {
    const { title, publication, deviations } = methods[name];
    const section = oneLine(sectionOf(name));
    const { authors, title: paper, link, venue, year } = publication ?? { authors: "", title: "", link: "", venue: "", year: "" };
    const cited = publication === null ? "A control of this project." : `${authors}: [${paper}](${link}), ${venue} ${year}.`;
    const wanted = [`### ${title} (\`${name}\`)`, cited, ...deviations.map((deviation) => `- ${deviation}`)];
    missing.push(...wanted.filter((sentence) => !section.includes(oneLine(sentence))).map((sentence) => `${name}: ${sentence}`));
    const said = section.match(/ - [A-Zμ]/g)?.length ?? 0;
    if (said !== deviations.length) missing.push(`${name}: ${said} deviations on the page, ${deviations.length} declared`);
  }
  expect(missing, "what docs/methods.md lacks").toEqual([]);
  expect(page.match(/^### /gm)).toHaveLength(names.length);
  expect(page).toContain("come from memory");
});

test.each(names)("the settings on the page make %s of the default preset", (name) => {
  expect(settingsIn(sectionOf(name))).toEqual(methods[name].settings(presets.default));
});

test("docs/methods.md lists every strategy, tuning method and schedule, and each of their settings with its default and bounds", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  for (const [name, { settings }] of [...Object.entries(strategies), ...Object.entries(tunings), ...Object.entries(serverRates)]) {
    expect(rows.filter((row) => row.startsWith(`| \`${name}\` |`)).length, name).toBe(1 + Object.keys(settings).length);
  }
  expect(rows).toContain("| `lora` | `rank` | `8` | a whole number from 1 to 4096 |");
  expect(rows).toContain("| `fedOpt` | `optimizer` | `adam` | one of adam, yogi |");
});

test("the table on the page counts what each method trains on minuet", () => {
  const sizes = readBackboneSizes(join(project, "public"), "minuet");
  const missing: string[] = [];
  for (const name of names) {
    const entries = tunedEntries(sizes, methods[name].settings(presets.default).tuning, 4);
    const numValues = entries.reduce((sum, { shape }) => sum + sizeOf(shape), 0).toLocaleString("en-US");
    const row = page.split("\n").find((line) => line.startsWith(`| ${methods[name].title} | \`${name}\` |`)) ?? "";
    if (row.split("|")[4]?.trim() !== numValues) missing.push(`${name}: ${numValues} values; the page has: ${row}`);
  }
  expect(missing).toEqual([]);
});
