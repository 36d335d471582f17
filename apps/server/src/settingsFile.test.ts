import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { presets } from "@tutti/core";
import { afterAll, expect, test } from "vitest";
import { jsonPosition } from "./jsonPosition.ts";
import { mergeSettings } from "./settings.ts";
import { readSettingsFile } from "./settingsFile.ts";
import { temporaryFolder } from "./testing/startTest.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** The fault of a file with this content, without the folder. */
function faultOf(name: string, content: string | Uint8Array | null): string {
  const path = join(folder.path, name);
  if (content !== null) writeFileSync(path, content);
  try {
    readSettingsFile(path);
  } catch (error) {
    return error instanceof Error ? error.message.replaceAll(`${folder.path}/`, "") : String(error);
  }
  return "";
}

test("settings files are YAML or JSON, also with a byte order mark", () => {
  const yaml = join(folder.path, "run.yaml");
  writeFileSync(yaml, "preset: demo\nrun:\n  seed: 7 # lucky\n  partition: { kind: iid }\n");
  const { run } = mergeSettings({ presets, preset: "default", file: readSettingsFile(yaml) });
  expect(run).toMatchObject({ seed: 7, partition: { kind: "iid" }, numRounds: 12 });
  const json = join(folder.path, "run.json");
  writeFileSync(json, '\ufeff{ "preset": "demo" }');
  expect(readSettingsFile(json)).toEqual({ preset: "demo" });
  expect(faultOf("run.toml", "a = 1")).toBe("run.toml: a settings file ends in .yaml, .yml or .json");
});

test("what is not there is told as that, with the file that may be meant", () => {
  writeFileSync(join(folder.path, "experiment.yaml"), "a: 1");
  expect(faultOf("none.yaml", null)).toBe("none.yaml is not there: expected a settings file in YAML or JSON");
  expect(faultOf("no-ending", null)).toContain("no-ending is not there");
  expect(faultOf("experimnt.yml", null)).toContain("is not there: expected a settings file in YAML or JSON; did you mean experiment.yaml?");
  expect(faultOf("experiment.yaml/mine.yaml", null)).toBe(
    "experiment.yaml/mine.yaml is not there: experiment.yaml is a file, not a folder",
  );
  expect(faultOf("nowhere/mine.yaml", null)).toBe("nowhere/mine.yaml is not there: expected a settings file in YAML or JSON");
});

test("a folder, an empty file, comments alone and what is no names and values are each told as what they are", () => {
  mkdirSync(join(folder.path, "folder.yaml"));
  expect(faultOf("folder.yaml", null)).toBe("folder.yaml is a folder: expected a settings file in YAML or JSON");
  for (const name of ["empty.yaml", "empty.json"]) expect(faultOf(name, " \n")).toBe(`${name} is empty: expected names and values`);
  expect(faultOf("comments.yaml", "# nothing yet\n")).toBe("comments.yaml has no settings: expected names and values");
  expect(faultOf("list.yaml", "- a\n- b\n")).toBe("list.yaml: found a list of 2, expected names and values");
  expect(faultOf("list.json", "[1]")).toBe("list.json: found a list of 1, expected names and values");
  expect(faultOf("text.yaml", "hello")).toBe('text.yaml: found "hello", expected names and values');
  expect(faultOf("utf16.yaml", Uint8Array.of(0xff, 0xfe, 0x61, 0))).toBe("utf16.yaml is not UTF-8 text: save it as UTF-8");
});

test("broken YAML is told with line and column, all faults at once, a line each and in words of ours", () => {
  expect(faultOf("a.yaml", "a: 1\na: 2\nb:\n\tc: 3\n").split("\n")).toEqual([
    "a.yaml: line 2, column 1: a is given twice; leave one of them out",
    "a.yaml: line 4, column 1: a tab, where YAML takes spaces only; put spaces there",
  ]);
  const where = (text: string) => /^b\.yaml: (line \d+, column \d+): /.exec(faultOf("b.yaml", text))?.[1];
  const broken: [string, string][] = [
    ["a: b: c\n", "line 1, column 4"],
    ["a: [1, 2\nb: 3\n", "line 2, column 1"],
    ['a: "x\nb: 3\n', "line 3, column 1"],
    ["a:\n  b: 1\n c: 2\n", "line 3, column 1"],
    ["run:\n  a: 1\n  b 2\n  c: 3\n", "line 3, column 3"],
    ["a: 1\n}\n", "line 2, column 1"],
    ["a: @x\n", "line 1, column 4"],
    ["a: 1\n---\nb: 2\n", "line 2, column 1"],
    ["a: !seed 1\n", "line 1, column 4"],
    ["? [x]\n: 3\n", "line 1, column 3"],
  ];
  for (const [text, place] of broken) expect([text, where(text)]).toEqual([text, place]);
  expect(faultOf("c.yaml", "a: *x\n")).toContain("quote it if it is text");
  expect(faultOf("d.yaml", "run: &all\n  x: *all\n")).toBe("d.yaml: a * refers to the value that its & is on: write that value out");
  expect(faultOf("e.json", `{"a": ${"[".repeat(100_000)}`)).toContain("e.json: its lists or names are nested too deeply");
});

test("broken JSON is told with line and column, and a name that comes twice is none that counts silently", () => {
  expect(faultOf("a.json", '{"a": 1,\n "b": }')).toMatch(/^a\.json: line 2, column 7: found "}", which is not JSON there; /);
  expect(faultOf("b.json", '{"a": [1, 2')).toMatch(/^b\.json: line 1, column 12: found the end of the file/);
  expect(faultOf("c.json", '{"a": 1, "a": 2}')).toBe("c.json: line 1, column 10: a is given twice; leave one of them out");
  expect(faultOf("d.json", '{"a": 1,}')).toContain('line 1, column 9: found "}"');
  expect(faultOf("e.json", "{'a': 1}")).toContain('line 1, column 2: found "\'"');
});

test("a text is JSON up to the first character that does not fit, to the end where it is whole", () => {
  for (const whole of ['{"a": [1, -2.5e3, true, null, "x\\u00e9\\n"], "b": {}}', "[]", " 3 ", '"é"'])
    expect(jsonPosition(whole)).toBe(whole.length);
  expect(["{a: 1}", "[1 2]", '{"a" 1}', "[1,]", "nul", "[01]", '["\t"]'].map(jsonPosition)).toEqual([1, 3, 5, 3, 0, 2, 1]);
});
