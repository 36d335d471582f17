import fc from "fast-check";
import { z } from "zod";

type Arbitrary = fc.Arbitrary<unknown>;

const someBytes = fc.uint8Array({ maxLength: 40 });

/** Values that a schema takes, but for its refinements: of objects, unions, lists, records, numbers, texts, words, and what wraps them. */
export function arbitraryOf(schema: unknown): Arbitrary {
  if (schema instanceof z.ZodNullable) return fc.option(arbitraryOf(schema.unwrap()), { nil: null, freq: 3 });
  if (schema instanceof z.ZodReadonly || schema instanceof z.ZodOptional || schema instanceof z.ZodExactOptional)
    return arbitraryOf(schema.unwrap());
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return arbitraryOf(schema.unwrap());
  if (schema instanceof z.ZodPipe) return arbitraryOf(schema.def.in);
  if (schema instanceof z.ZodObject) return objectOf(schema);
  if (schema instanceof z.ZodArray) return fc.array(arbitraryOf(schema.element), { ...lengthsOf(schema), size: "small" });
  if (schema instanceof z.ZodTuple) return fc.tuple(...schema.def.items.map((item) => arbitraryOf(item)));
  if (schema instanceof z.ZodRecord) return fc.dictionary(textOf(schema.keyType), arbitraryOf(schema.valueType), { maxKeys: 4 });
  if (schema instanceof z.ZodUnion) return fc.oneof(...schema.options.map((option) => arbitraryOf(option)));
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...schema.options);
  if (schema instanceof z.ZodLiteral) return fc.constantFrom(...schema.values);
  if (schema instanceof z.ZodBoolean) return fc.boolean();
  if (schema instanceof z.ZodNumber) return numberOf(schema);
  if (schema instanceof z.ZodString || schema instanceof z.ZodStringFormat) return textOf(schema);
  if (schema instanceof z.ZodNull) return fc.constant(null);
  if (schema instanceof z.ZodCustom)
    return fc.oneof(
      someBytes,
      someBytes.map(({ buffer }) => buffer.slice(0)),
    );
  return fc.jsonValue({ maxDepth: 3 });
}

function objectOf(schema: z.ZodObject): Arbitrary {
  const names = Object.keys(schema.shape);
  const isOptional = (name: string) => schema.shape[name] instanceof z.ZodExactOptional || schema.shape[name] instanceof z.ZodOptional;
  const shape = Object.fromEntries(names.map((name) => [name, arbitraryOf(schema.shape[name])]));
  return fc.record(shape, { requiredKeys: names.filter((name) => !isOptional(name)), noNullPrototype: true });
}

/** The checks of a schema by their kind. */
function checksOf(schema: z.ZodType): Record<string, unknown>[] {
  const { checks = [] } = schema.def as { checks?: readonly z.core.$ZodCheck[] };
  return checks.map((one) => one._zod.def as unknown as Record<string, unknown>);
}

function limitOf(schema: z.ZodType, check: string, name: string): number | undefined {
  const found = checksOf(schema).find((one) => one.check === check)?.[name];
  return typeof found === "number" ? found : undefined;
}

function lengthsOf(schema: z.ZodType): { minLength: number; maxLength: number } {
  const minLength = limitOf(schema, "min_length", "minimum") ?? 0;
  return { minLength, maxLength: Math.max(minLength, Math.min(limitOf(schema, "max_length", "maximum") ?? 6, minLength + 6)) };
}

function numberOf(schema: z.ZodNumber): Arbitrary {
  const min = limitOf(schema, "greater_than", "value") ?? -1e30;
  const max = limitOf(schema, "less_than", "value") ?? 1e30;
  const isInteger = checksOf(schema).some(({ check, format }) => check === "number_format" && format === "safeint");
  if (!isInteger) return fc.oneof(fc.double({ min, max, noNaN: true }), fc.constantFrom(min, max));
  const [low, high] = [Math.ceil(Math.max(min, Number.MIN_SAFE_INTEGER)), Math.floor(Math.min(max, Number.MAX_SAFE_INTEGER))];
  return fc.oneof(fc.integer({ min: low, max: Math.min(high, low + 5) }), fc.integer({ min: low, max: high }), fc.constantFrom(low, high));
}

function textOf(schema: unknown): fc.Arbitrary<string> {
  if (!(schema instanceof z.ZodType)) return fc.string();
  const pattern = checksOf(schema).find(({ check }) => check === "string_format")?.pattern;
  const lengths = lengthsOf(schema);
  if (pattern instanceof RegExp && !pattern.source.includes("\\P")) return fc.stringMatching(pattern);
  return fc.string({ minLength: lengths.minLength, maxLength: lengths.maxLength, unit: "grapheme-ascii" });
}
