import { z } from "zod";
import type { PackedBackbone } from "../backbone/packed.ts";
import { createTransformer } from "../backbone/transformer.ts";
import type { BackendName } from "../backends.ts";
import { createTokenizer } from "../tokenizer.ts";
import { type GoldenErrors, transformerErrors, type VerifyOptions } from "./goldenErrors.ts";
import type { GoldenFile } from "./goldenFile.ts";
import { textGoldenErrors } from "./textGolden.ts";
import { textGoldenSchema } from "./textGoldenFile.ts";

const familyCase = z.looseObject({ promptShape: z.array(z.number()), withPrompt: z.looseObject({}), adamW: z.looseObject({}) });
const familySchema = z.custom<GoldenFile>((value) => z.looseObject({ cases: z.array(familyCase).min(1) }).safeParse(value).success);

/**
 * Everything that a golden.json holds, computed by this backbone on the current backend: the largest relative error of each kind. The file
 * is one of `golden/<family>`, or one with texts as minuet has.
 */
export async function verifyBackbone(backbone: PackedBackbone, golden: unknown, options: VerifyOptions = {}): Promise<GoldenErrors> {
  const family = familySchema.safeParse(golden);
  const texts = family.success ? null : textGoldenSchema.safeParse(golden);
  if (texts?.success === false) throw new Error(`the golden file is of no known form: ${z.prettifyError(texts.error)}`);
  const transformer = createTransformer(backbone);
  try {
    if (family.success) return await transformerErrors(transformer, family.data, options);
    if (backbone.tokenizerJson === null) throw new Error(`backbone ${backbone.name} has no tokenizer, which these golden numbers need`);
    const tokenizer = createTokenizer(backbone.tokenizerJson, backbone.tokenizerConfig);
    return await textGoldenErrors(transformer, tokenizer, textGoldenSchema.parse(golden), options);
  } finally {
    transformer.dispose();
  }
}

/**
 * The largest error that a right implementation in f32 may show. Products with the Hessian come from differences of gradients, and the
 * Ritz values and the shares of layers to keep from twenty of them (docs/backbones.md says how near they are).
 */
export function goldenTolerance(kind: string, backend: BackendName): number {
  if (/^(Hessian product|Ritz|keep share)/.test(kind)) return 2e-3;
  return backend === "webgpu" ? 1e-4 : 1e-5;
}

/** The kinds whose error is past its tolerance or is no number, with the error. */
export function pastTolerance(errors: GoldenErrors, backend: BackendName): GoldenErrors {
  return Object.fromEntries(Object.entries(errors).filter(([kind, error]) => !(error <= goldenTolerance(kind, backend))));
}
