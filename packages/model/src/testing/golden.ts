import { readFileSync } from "node:fs";
import { backboneFromSafetensors } from "../backbone/checkpoint.ts";
import type { PackedBackbone } from "../backbone/packed.ts";
import { type GoldenErrors, goldenErrors, type VerifyOptions } from "../verify/goldenErrors.ts";
import type { GoldenFile } from "../verify/goldenFile.ts";

function read(family: string, file: string): Buffer {
  return readFileSync(new URL(`../../golden/${family}/${file}`, import.meta.url));
}

/** The golden numbers of a family's tiny checkpoint. */
export function goldenFile(family: string): GoldenFile {
  return JSON.parse(read(family, "golden.json").toString());
}

/** A family's tiny random checkpoint. */
export function goldenBackbone(family: string): PackedBackbone {
  return backboneFromSafetensors(read(family, "config.json").toString(), read(family, "model.safetensors"));
}

/** Errors of a family on the current backend; of one of its two cases where `onlyCase` says so. */
export function goldenErrorsOf(
  family: string,
  { onlyCase, ...options }: VerifyOptions & { readonly onlyCase?: number } = {},
): Promise<GoldenErrors> {
  const { cases } = goldenFile(family);
  const wanted = cases.filter((_, index) => onlyCase === undefined || index === onlyCase);
  return goldenErrors(read(family, "config.json").toString(), read(family, "model.safetensors"), { cases: wanted }, options);
}
