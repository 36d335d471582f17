import { z } from "zod";

/** The names that a schema has at a place of an input, none where there are no names; of several shapes the one that the input's tag chooses. */
export function namesAt(schema: unknown, [key, ...rest]: readonly PropertyKey[], input: unknown): readonly string[] {
  const shape = bare(schema, input);
  if (key === undefined) return shape instanceof z.ZodObject ? Object.keys(shape.shape) : [];
  return namesAt(below(shape, key), rest, valueAt(input, key));
}

/** What stands at a key of a value that has keys. */
export function valueAt(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

/** The schema without its default, and of a union the object. */
function bare(schema: unknown, input: unknown): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodExactOptional)
    return bare(schema.unwrap(), input);
  if (!(schema instanceof z.ZodUnion)) return schema;
  const objects = schema.options.flatMap((option) => (option instanceof z.ZodObject ? [option] : []));
  const tag = schema instanceof z.ZodDiscriminatedUnion ? schema.def.discriminator : null;
  return objects.find((option) => tag === null || option.shape[tag].safeParse(valueAt(input, tag)).success);
}

function below(schema: unknown, key: PropertyKey): unknown {
  if (schema instanceof z.ZodObject) return valueAt(schema.shape, key);
  if (schema instanceof z.ZodArray) return schema.element;
  return schema instanceof z.ZodRecord ? schema.valueType : undefined;
}
