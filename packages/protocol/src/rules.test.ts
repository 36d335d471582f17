import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { protocolVersion } from "./limits.ts";
import { calls } from "./messages.ts";
import { isRefusal, refuse, rules } from "./rules.ts";

const root = join(import.meta.dirname, "../../..");
const spec = readFileSync(join(import.meta.dirname, "../SPEC.md"), "utf8");
const headings = [...spec.matchAll(/^\*\*(P-\d+) (.+?)\.\*\*/gm)].map(([, id, title]) => [id, title]);

test("every rule that a refusal can name is a heading of SPEC.md, and every heading is such a rule", () => {
  expect(headings).toEqual(Object.entries(rules));
});

test("SPEC.md names the version that the code speaks", () => {
  expect(/^Version (\d+)\./m.exec(spec)?.[1]).toBe(String(protocolVersion));
});

test("the table of calls in SPEC.md has each call once, and no paragraph says a sentence twice", () => {
  const named = [...spec.matchAll(/^\| (`.+?) +\| (?:client|coordinator) /gm)].flatMap(([, names = ""]) => names.split(", "));
  expect(named.sort()).toEqual(
    Object.keys(calls)
      .map((name) => `\`${name}\``)
      .sort(),
  );
  const sentences = spec.split("\n\n").map((paragraph) => paragraph.split(/(?<=\.)\s/).filter((sentence) => sentence.length > 60));
  expect(sentences.flatMap((all) => all.filter((sentence, at) => all.indexOf(sentence) !== at))).toEqual([]);
});

test("SPEC.md refers to no rule that it does not have", () => {
  const mentioned = new Set([...spec.matchAll(/P-\d+/g)].map(([id]) => id));
  expect([...mentioned].filter((id) => !Object.hasOwn(rules, id))).toEqual([]);
});

test("the sources of all packages cite only rules that exist", () => {
  const unknown = allSources().flatMap((file) => {
    const cited = [...readFileSync(file, "utf8").matchAll(/\bP-\d+\b/g)].map(([id]) => id);
    return cited.filter((id) => !Object.hasOwn(rules, id)).map((id) => `${file}: ${id}`);
  });
  expect(unknown).toEqual([]);
});

test("every rule is cited by a test", () => {
  const tests = allSources().filter((file) => /\.test\.tsx?$/.test(file) && !file.endsWith("/rules.test.ts"));
  const cited = new Set(tests.flatMap((file) => [...readFileSync(file, "utf8").matchAll(/\bP-\d+\b/g)].map(([id]) => id)));
  expect(Object.keys(rules).filter((id) => !cited.has(id))).toEqual([]);
});

test("a refusal is recognised and nothing else is", () => {
  expect(isRefusal(refuse("P-43", "task 7 is not known"))).toBe(true);
  for (const value of [null, undefined, {}, [], "P-43", { outcome: "accepted" }]) expect(isRefusal(value)).toBe(false);
});

function allSources(): string[] {
  const folders = ["packages", "apps"].flatMap((area) => readdirSync(join(root, area)).map((name) => join(root, area, name, "src")));
  return folders.flatMap(sourcesUnder);
}

function sourcesUnder(folder: string): string[] {
  try {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    return files.filter((file) => /\.tsx?$/.test(file)).map((file) => join(folder, file));
  } catch {
    return []; // a package without sources
  }
}
