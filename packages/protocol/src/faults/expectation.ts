import { z } from "zod";
import { bare, tagOf, tagValues } from "./schemaTree.ts";

/** What a schema takes, in words that go on after "expected": its description where it has one, else its kind with its bounds. */
export function expectationOf(schema: unknown): string {
  if (schema instanceof z.ZodNullable) return `${expectationOf(schema.unwrap())} or null`;
  if (schema instanceof z.ZodType && schema.description !== undefined) return schema.description;
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodExactOptional)
    return expectationOf(schema.unwrap());
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodReadonly) return expectationOf(schema.unwrap());
  if (schema instanceof z.ZodUnion) return unionText(schema);
  if (schema instanceof z.ZodEnum) return oneOf(schema.options.map(String));
  if (schema instanceof z.ZodLiteral) return oneOf([...schema.values].map(String));
  if (schema instanceof z.ZodBoolean) return "true or false";
  if (schema instanceof z.ZodNumber) return numberText(schema);
  if (schema instanceof z.ZodString || schema instanceof z.ZodStringFormat) return sized("text", "characters", schema);
  if (schema instanceof z.ZodArray) return `${sized("a list", "entries", schema)}, each ${expectationOf(schema.element)}`;
  if (schema instanceof z.ZodObject) return `names and values: ${Object.keys(schema.shape).join(", ")}`;
  if (schema instanceof z.ZodRecord) return "names and values";
  return schema instanceof z.ZodNull ? "null" : "something else";
}

/** `one of a, b`, or the only one there is. */
export function oneOf(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? "") : `one of ${values.join(", ")}`;
}

/** The words that a schema takes at this place by themselves; none where it takes none. */
export function wordsOf(schema: unknown): string[] {
  const found = bare(schema);
  if (found instanceof z.ZodEnum) return found.options.map(String);
  if (found instanceof z.ZodLiteral) return [...found.values].map(String);
  return found instanceof z.ZodUnion && tagOf(found) === null ? found.options.flatMap(wordsOf) : [];
}

function unionText(schema: z.ZodUnion): string {
  const tag = tagOf(schema);
  if (tag !== null) return `names and values, with ${tag} ${oneOf(tagValues(schema))}`;
  return [...new Set(schema.options.map(expectationOf))].join(" or ");
}

/** Both bounds of a schema as its checks have them. */
interface Bound {
  readonly value: number;
  readonly isInclusive: boolean;
}

function numberText(schema: z.ZodNumber): string {
  const noun = schema.isInt ? "a whole number" : "a number";
  const [least, most] = [boundOf(schema, "greater_than"), boundOf(schema, "less_than")];
  if (least?.isInclusive && most?.isInclusive) return `${noun} from ${least.value} to ${most.value}`;
  const low = least === null ? "" : least.isInclusive ? `at least ${least.value}` : `above ${least.value}`;
  const high = most === null ? "" : most.isInclusive ? `at most ${most.value}` : `below ${most.value}`;
  const bounds = [low, high].filter((text) => text !== "").join(" and ");
  return bounds === "" ? noun : `${noun} ${bounds}`;
}

function boundOf({ def }: z.ZodNumber, kind: "greater_than" | "less_than"): Bound | null {
  for (const { _zod } of def.checks ?? []) {
    const { check, value, inclusive } = _zod.def as { check: string; value?: unknown; inclusive?: boolean };
    if (check === kind && typeof value === "number") return { value, isInclusive: inclusive === true };
  }
  return null;
}

function sized(noun: string, unit: string, { def }: z.ZodType): string {
  const { checks = [] } = def as { checks?: readonly z.core.$ZodCheck[] };
  const limit = (kind: string, name: string): number | null => {
    const found = checks.map((one) => one._zod.def as unknown as Record<string, unknown>).find(({ check }) => check === kind)?.[name];
    return typeof found === "number" ? found : null;
  };
  const [least, most] = [limit("min_length", "minimum"), limit("max_length", "maximum")];
  if (least !== null && most !== null) return `${noun} of ${least} to ${most} ${unit}`;
  if (most !== null) return `${noun} of at most ${most} ${unit}`;
  return least === null ? noun : least === 1 ? `${noun} that is not empty` : `${noun} of at least ${least} ${unit}`;
}
