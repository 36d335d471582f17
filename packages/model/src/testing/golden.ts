import { readFileSync } from "node:fs";
import { backboneFromSafetensors } from "../backbone/checkpoint.ts";
import type { PackedBackbone } from "../backbone/packed.ts";
import { type GoldenErrors, goldenErrors } from "../verify/goldenErrors.ts";
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

/** Errors of a family on the current backend. */
export function goldenErrorsOf(family: string, options: { readonly hasSpectrum?: boolean } = {}): Promise<GoldenErrors> {
  return goldenErrors(read(family, "config.json").toString(), read(family, "model.safetensors"), goldenFile(family), options);
}

/**
 * The largest error among the kinds with one tolerance: everything in f32, Hessian products by differences, and what is derived from
 * many of them. A share to keep may jump where the plateau search stops one step earlier, so it is not compared.
 */
export function worstErrors(errors: GoldenErrors): { exact: number; hessian: number; ritz: number } {
  const kinds = Object.entries(errors).filter(([kind]) => !kind.startsWith("keep share"));
  const worst = (isWanted: (kind: string) => boolean) => Math.max(0, ...kinds.filter(([kind]) => isWanted(kind)).map(([, error]) => error));
  return {
    exact: worst((kind) => kind !== "Hessian product" && !kind.startsWith("Ritz")),
    hessian: worst((kind) => kind === "Hessian product"),
    ritz: worst((kind) => kind.startsWith("Ritz")),
  };
}
