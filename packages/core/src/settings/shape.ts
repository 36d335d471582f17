import { z } from "zod";
import type { Unchanging } from "./unchanging.ts";

/** The settings of something declared: those of its shape, and under `Tag` the name that chooses it. */
export type SettingsOf<Tag extends string, Name extends string, Shape extends z.ZodRawShape> = { readonly [Key in Tag]: Name } & Unchanging<
  z.output<z.ZodObject<{ readonly [Key in Tag]: z.ZodLiteral<Name> } & Shape>>
>;

/** A shape without its defaults. */
export type WithoutDefaults<Shape extends z.ZodRawShape> = {
  [Key in keyof Shape]: Shape[Key] extends z.ZodDefault<infer Inner> ? Inner : Shape[Key];
};

/**
 * The shape as a run has it, where nothing is left out (P-3) but what runs did not say before there was a choice: `laterNames`, whose default is
 * what they did.
 */
export function withoutDefaults<Shape extends z.ZodRawShape>(
  shape: Shape,
  laterNames: readonly (keyof Shape)[] = [],
): WithoutDefaults<Shape> {
  const entries = Object.entries(shape).map(([name, schema]) => {
    const isLater = laterNames.includes(name);
    return [name, schema instanceof z.ZodDefault && !isLater ? schema.unwrap() : schema];
  });
  return Object.fromEntries(entries);
}
