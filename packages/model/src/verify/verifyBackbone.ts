import { z } from "zod";
import type { PackedBackbone } from "../backbone/packed.ts";
import { createTransformer } from "../backbone/transformer.ts";
import type { BackendName } from "../backends.ts";
import { createTokenizer } from "../tokenizer.ts";
import { type GoldenErrors, transformerErrors } from "./goldenErrors.ts";
import type { GoldenFile } from "./goldenFile.ts";
import { textGoldenErrors, textGoldenSchema } from "./textGolden.ts";

const familyCase = z.looseObject({ promptShape: z.array(z.number()), withPrompt: z.looseObject({}), adamW: z.looseObject({}) });
const familySchema = z.custom<GoldenFile>((value) => z.looseObject({ cases: z.array(familyCase).min(1) }).safeParse(value).success);

/**
 * Everything that a golden.json holds, computed by this backbone on the current backend: the largest relative error of each kind. The file
 * is one of `golden/<family>`, or one with texts as minuet has.
 */
export async function verifyBackbone(
  backbone: PackedBackbone,
  golden: unknown,
  options: { readonly hasSpectrum?: boolean } = {},
): Promise<GoldenErrors> {
  const family = familySchema.safeParse(golden);
  const texts = family.success ? null : textGoldenSchema.safeParse(golden);
  if (texts?.success === false) throw new Error(`the golden file is of no known form: ${z.prettifyError(texts.error)}`);
  const transformer = createTransformer(backbone);
  try {
    if (family.success) return await transformerErrors(transformer, family.data, options);
    if (backbone.tokenizerJson === null) throw new Error(`backbone ${backbone.name} has no tokenizer, which these golden numbers need`);
    const tokenizer = createTokenizer(backbone.tokenizerJson, backbone.tokenizerConfig);
    return await textGoldenErrors(transformer, tokenizer, textGoldenSchema.parse(golden));
  } finally {
    transformer.dispose();
  }
}

/** The largest error that a right implementation in f32 may show; null for what is shown but not judged. */
export function goldenTolerance(kind: string, backend: BackendName): number | null {
  if (kind.startsWith("keep share")) return null; // jumps where the plateau search stops one step earlier
  if (kind === "Hessian product" || kind.startsWith("Ritz")) return 2e-3; // by differences of gradients
  return backend === "webgpu" ? 1e-4 : 1e-5;
}
