import { z } from "zod";

/** A name that a schema knows somewhere, by its whole path. */
export interface KnownName {
  readonly path: readonly string[];
  /** The choice that has this name, such as `strategy.name` is `fedOpt`; null where it is always there. */
  readonly choice: { readonly path: readonly string[]; readonly value: string } | null;
}

/** The value at a key, where a value has that key itself. */
export function valueAt(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

/** The schema at a place of an input; of several shapes the one that the input chooses. Undefined where the schema has nothing there. */
export function schemaAt(schema: unknown, [key, ...rest]: readonly PropertyKey[], input: unknown): unknown {
  if (key === undefined) return schema;
  return schemaAt(below(objectOf(schema, input), key), rest, valueAt(input, key));
}

/** The names that a schema has at a place of an input; none where there are no names. */
export function namesAt(schema: unknown, path: readonly PropertyKey[], input: unknown): readonly string[] {
  const found = objectOf(schemaAt(schema, path, input), path.reduce(valueAt, input));
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

/** The schema without what only says that it may be left out or null. */
export function bare(schema: unknown): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodExactOptional)
    return bare(schema.unwrap());
  return schema instanceof z.ZodOptional || schema instanceof z.ZodReadonly || schema instanceof z.ZodNullable
    ? bare(schema.unwrap())
    : schema;
}

/** The bare schema, and of a union the object that the input's tag chooses. */
function objectOf(schema: unknown, input: unknown): unknown {
  const found = bare(schema);
  if (!(found instanceof z.ZodUnion)) return found;
  const tag = tagOf(found);
  const chosen = tag === null ? "" : valueAt(input, tag);
  if (typeof chosen === "object") return undefined; // it may have no text
  return objectsOf(found).find((option) => tag === null || valuesOf(option.shape[tag]).includes(String(chosen)));
}

/** The name whose value chooses among a union's shapes; null where none does. */
export function tagOf(schema: unknown): string | null {
  return schema instanceof z.ZodDiscriminatedUnion ? schema.def.discriminator : null;
}

/** The values that a union's tag may have. */
export function tagValues(schema: z.ZodUnion): string[] {
  const tag = tagOf(schema) ?? "";
  return objectsOf(schema).flatMap((option) => valuesOf(option.shape[tag]));
}

/** Every name of a schema at any depth. Entries of lists are `N` in a path, names that the writer chooses `NAME`. */
export function knownNames(schema: unknown, path: readonly string[] = [], choice: KnownName["choice"] = null): KnownName[] {
  const found = bare(schema);
  if (found instanceof z.ZodArray) return knownNames(found.element, [...path, "N"], choice);
  if (found instanceof z.ZodRecord) return knownNames(found.valueType, [...path, "NAME"], choice);
  if (found instanceof z.ZodUnion) {
    const tag = tagOf(found);
    const known = objectsOf(found).flatMap((option) =>
      tag === null
        ? knownNames(option, path, choice)
        : valuesOf(option.shape[tag]).flatMap((value) => knownNames(option, path, { path: [...path, tag], value })),
    );
    return distinct(known);
  }
  if (!(found instanceof z.ZodObject)) return [];
  return Object.entries(found.shape).flatMap(([name, inner]) => [
    { path: [...path, name], choice },
    ...knownNames(inner, [...path, name], choice),
  ]);
}

/** Each name under each choice once: several shapes of a union may hold the same inner choice. */
function distinct(known: readonly KnownName[]): KnownName[] {
  return [...new Map(known.map((name) => [JSON.stringify(name), name])).values()];
}

function objectsOf(schema: z.ZodUnion): z.ZodObject[] {
  return schema.options.flatMap((option) => {
    const found = bare(option);
    if (found instanceof z.ZodUnion) return objectsOf(found);
    return found instanceof z.ZodObject ? [found] : [];
  });
}

function valuesOf(schema: unknown): string[] {
  if (schema instanceof z.ZodLiteral) return [...schema.values].map(String);
  return schema instanceof z.ZodEnum ? schema.options.map(String) : [];
}

function below(schema: unknown, key: PropertyKey): unknown {
  if (schema instanceof z.ZodObject) return valueAt(schema.shape, key);
  if (schema instanceof z.ZodArray) return schema.element;
  if (schema instanceof z.ZodTuple) return schema.def.items[Number(key)];
  return schema instanceof z.ZodRecord ? schema.valueType : undefined;
}
