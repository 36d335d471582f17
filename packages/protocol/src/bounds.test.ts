import { moduleNames } from "@tutti/core";
import { expect, test } from "vitest";
import { z } from "zod";
import { liveChangeSchema, liveSchema } from "./live.ts";
import { calls, runInfoSchema } from "./messages.ts";
import { runSettingsSchema } from "./runSettings.ts";

type JsonSchema = { readonly [key: string]: unknown };

/** Places in a schema that let something without a maximum through. */
function* unbounded(schema: unknown, place: string): Generator<string> {
  if (Array.isArray(schema)) {
    for (const [index, part] of schema.entries()) yield* unbounded(part, `${place}[${index}]`);
    return;
  }
  if (typeof schema !== "object" || schema === null) return;
  const node = schema as JsonSchema;
  const isFixed = "const" in node || "enum" in node;
  if (node.type === "array" && typeof node.maxItems !== "number") yield `${place}: a list without a maximum`;
  if (node.type === "string" && !isFixed && typeof node.maxLength !== "number" && !isFixedPattern(node.pattern)) yield `${place}: text`;
  if ((node.type === "number" || node.type === "integer") && !isFixed && !hasRange(node)) yield `${place}: a number without bounds`;
  if (node.type === "object" && node.additionalProperties !== false && !isRecord(node) && !isModule(node)) yield `${place}: unknown keys`;
  for (const [key, part] of Object.entries(node)) yield* unbounded(part, `${place}.${key}`);
}

/** Patterns that say how many characters there are, such as 32 hexadecimal digits. */
function isFixedPattern(pattern: unknown): boolean {
  return typeof pattern === "string" && /^\^\[[^\]]+\]\{\d+(,\d+)?\}\$$/.test(pattern);
}

/** Any names up to a number of them, whose form and values are looked at like any others. */
function isRecord({ maxProperties, propertyNames, additionalProperties }: JsonSchema): boolean {
  return typeof maxProperties === "number" && typeof propertyNames === "object" && typeof additionalProperties === "object";
}

/** A module's own settings, whose size as a whole has a bound and a test of its own. */
function isModule({ properties }: JsonSchema): boolean {
  return moduleNames.every((name) => typeof properties === "object" && properties !== null && name in properties);
}

function hasRange({ minimum, maximum }: JsonSchema): boolean {
  return Number.isFinite(minimum) && Number.isFinite(maximum);
}

const schemas: [string, z.ZodType][] = [
  ...Object.entries(calls).flatMap(([name, { request, answer }]): [string, z.ZodType][] => [
    [name, request],
    [`the answer to ${name}`, answer],
  ]),
  ["the run description", runInfoSchema],
  ["run settings", runSettingsSchema],
  ["a feed", liveSchema],
  ["a change of a feed", liveChangeSchema],
];

test.each(schemas)("P-3 in %s every list, text and number has a maximum and no key is unknown", (name, schema) => {
  // bytes are a custom schema, whose maximum has a test of its own
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  expect(json.type === "object" || "oneOf" in json || "anyOf" in json).toBe(true);
  expect([...unbounded(json, name)]).toEqual([]);
});

test("the search finds what it looks for", () => {
  const record = z.record(z.string(), z.int().min(0).max(3));
  const loose = z.object({ list: z.array(z.int().min(0).max(3)), text: z.string(), count: z.number().min(0), record });
  expect([...unbounded(z.toJSONSchema(loose, { io: "input" }), "it")]).toEqual([
    "it: unknown keys",
    "it.properties.list: a list without a maximum",
    "it.properties.text: text",
    "it.properties.count: a number without bounds",
    "it.properties.record: unknown keys",
    "it.properties.record.propertyNames: text",
  ]);
});
