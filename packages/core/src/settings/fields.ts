import { z } from "zod";
import { settingLimits } from "./limits.ts";

/** An integer between two bounds, both included. */
export function integer(min: number, max: number) {
  return z.int().min(min).max(max);
}

/** A finite number between two bounds, both included. */
export function number(min: number, max: number) {
  return z.number().min(min).max(max);
}

/** A share between 0 and 1. */
export const fractionSchema = number(0, 1);

/** A folder's name, which leads to no other folder. */
export const folderNameSchema = z
  .string()
  .max(settingLimits.maxName)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
  .describe(`a name of at most ${settingLimits.maxName} letters, digits, dots, dashes and underscores that begins with a letter or digit`);

/** A built-in task, such as `feedback/topic`, or a folder and a file in it. */
export const taskNameSchema = z
  .string()
  .max(settingLimits.maxName)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)?$/)
  .describe(`a task's name of at most ${settingLimits.maxName} characters, such as feedback/topic`);

/** How floats travel: 4 bytes, 2 bytes, or 1 byte with one f32 scale per row (the last axis). */
export const encodingSchema = z.enum(["f32", "f16", "int8"]);

/** How floats travel. */
export type Encoding = z.infer<typeof encodingSchema>;

/** How a layer's importance is measured; `score` is FedPepTAO's. */
export const layerSelectorSchema = z.enum(["score", "naswot", "l1", "l2", "random", "all", "first", "middle", "last"]);

/** How a layer's importance is measured, or which layers are taken without measuring. */
export type LayerSelector = z.infer<typeof layerSelectorSchema>;
