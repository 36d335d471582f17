import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseExactJson } from "./exactJson.ts";
import { parseOwnExamples } from "./examples.ts";
import { fileTask } from "./fileTask.ts";
import { parseJsonl, readJsonl } from "./jsonl.ts";
import { findClassification } from "./tasks.ts";

test("owners above 2^53 stay four, and so do those written with points and exponents", async () => {
  const text = await readFile(new URL("./testing/snowflake-owner.jsonl", import.meta.url), "utf8");
  const owners = (changed: string) => {
    const part = { source: "own.jsonl", rows: parseJsonl(changed) };
    const { splits } = fileTask({ name: "own", text: "text", label: "label", owner: "user" }, { train: part, test: part });
    return [...new Set(splits.train.map(({ owner }) => owner))].sort();
  };
  const four = ["1234567890123456780", "1234567890123456781", "1234567890123456782", "1234567890123456783"];
  expect(owners(text)).toEqual(four);
  expect(owners(text.replaceAll(/: (\d{19})/g, ": -$1"))).toEqual(four.map((owner) => `-${owner}`).sort());
  expect(owners(text.replaceAll(/: (\d{19})/g, ": $1.0"))).toEqual(four);
  expect(owners(text.replaceAll(/: (\d)(\d{18})/g, ": $1.$2e18"))).toEqual(four);
  expect(owners(text.replaceAll(/: (\d)(\d{18})/g, ": $1.$2"))).toEqual(four.map((owner) => `1.${owner.slice(1)}`.replace(/0$/, "")));
  expect(owners(text.replaceAll(/: (\d{19})/g, ": 0.5"))).toEqual(["0.5"]);
  expect(owners(text.replaceAll(/: (\d{19})/g, ": true"))).toEqual(["true"]);
});

test("labels above 2^53 are classes of their own, in the order of their numbers; 1.0 and 1 are one class, in every notation", () => {
  const taskOf = (labels: readonly string[], classes?: readonly string[]) => {
    const rows = parseJsonl(labels.map((label, i) => `{"text": "t${i}", "label": ${label}}`).join("\n"));
    const part = { source: "own.jsonl", rows };
    const { task, splits } = fileTask(
      { name: "own", text: "text", label: "label", ...(classes === undefined ? {} : { classes }) },
      { train: part, test: part },
    );
    return [task.classes, splits.train.map(({ label }) => label)];
  };
  const [big, bigger] = ["9007199254740993", "9007199254740994"];
  expect(taskOf([bigger, big, "9007199254740992", big])).toEqual([
    ["9007199254740992", big, bigger],
    [2, 1, 0, 1],
  ]);
  expect(taskOf([bigger, big], [bigger, big])).toEqual([
    [bigger, big],
    [0, 1],
  ]);
  expect(taskOf(["1.0", "1", "10e-1", "2", "0.2e1", "1e3"])).toEqual([
    ["1", "2", "1000"],
    [0, 0, 0, 1, 1, 2],
  ]);
  expect(() => taskOf(["1", "1.5", "2"])).toThrow('line 2: column "label" is 1.5, expected the name of a class or a whole number');
  expect(() => taskOf(["1", "0.12345678901234567891", "2"])).toThrow('column "label" is 0.12345678901234567891, expected');
  expect(() =>
    parseOwnExamples(
      "own.jsonl",
      new TextEncoder().encode('{"text": "a", "label": 18446744073709551616}'),
      findClassification("boolq", "this test"),
    ),
  ).toThrow("there is no field");
  expect(() =>
    parseOwnExamples(
      "own.jsonl",
      new TextEncoder().encode('{"text": "a", "label": 18446744073709551616}'),
      findClassification("feedback/topic", "this test"),
    ),
  ).toThrow('field "label" is 18446744073709551616, expected one of');
});

test("numbers in strings, in nested values and behind repeated or odd names are left alone", () => {
  const line = String.raw`{"a": "x \" 1234567890123456789, \\", "b": {"a": 1234567890123456789}, "c\"": 1234567890123456781, "d": [12345678901234567890], "e": 1, "__proto__": 1234567890123456783, "f": 1234567890123456785, "f": "text", "g": "", "g": -1234567890123456787}`;
  const parsed = Object.entries(Object(parseExactJson(line))).map(([name, value]) => [
    name,
    typeof value === "object" ? String(value) : value,
  ]);
  expect(parsed).toEqual([
    ["a", 'x " 1234567890123456789, \\'],
    ["b", "[object Object]"],
    ['c"', "1234567890123456781"],
    ["d", "12345678901234567000"],
    ["e", 1],
    ["__proto__", "1234567890123456783"],
    ["f", "text"],
    ["g", "-1234567890123456787"],
  ]);
});

test("whatever JSON.parse reads without loss is read the same", () => {
  const value = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 2 }));
  fc.assert(
    fc.property(value, fc.string(), (fields, padding) => {
      const text = JSON.stringify({ ...fields, padding: `${padding} 12345678901234567890 {"` });
      const { padding: _, ...parsed } = Object(parseExactJson(text));
      const expected = JSON.parse(JSON.stringify(fields));
      delete expected.padding;
      expect(Object.fromEntries(Object.entries(parsed))).toEqual(Object.fromEntries(Object.entries(expected)));
    }),
  );
});

test("faulty lines are collected with their lines; the others are read", () => {
  const { rows, faults } = readJsonl('{"a": 1}\n{"a": \n[1]\r{"a": 2}', "own.jsonl");
  expect(rows.map(({ line }) => line)).toEqual([1, 4]);
  expect(faults.map(({ line, kind }) => [line, kind])).toEqual([
    [2, "json"],
    [3, "json"],
  ]);
});

test("a field that is asked for and comes twice in a line is a fault of that line; others, and names in texts, do not matter", () => {
  const lines = [
    '{"text": "a", "label": "x", "text": "b"}',
    String.raw`{"text": "a \"text\"", "label": "text", "n": {"text": 1}, "n": 2, "t\u0065xt2": 1}`,
    '{"text": "a", "label": 1, "label": 2}',
  ];
  const { rows, faults } = readJsonl(lines.join("\n"), "own.jsonl", { columns: ["text", "label"] });
  expect(rows.map(({ line }) => line)).toEqual([2]);
  expect(faults.map(({ kind, message }) => [kind, message])).toEqual([
    ["repeated", 'own.jsonl line 1: two fields are called "text"'],
    ["repeated", 'own.jsonl line 3: two fields are called "label"'],
  ]);
});
