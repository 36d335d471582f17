import * as tf from "@tensorflow/tfjs-core";
import type { TensorEncoding } from "@tutti/core";
import { z } from "zod";
import { tokenBatch } from "../backbone/batch.ts";
import type { PackedBackbone } from "../backbone/packed.ts";
import { createTransformer } from "../backbone/transformer.ts";
import type { BackendName } from "../backends.ts";
import { relativeError } from "./relativeError.ts";

const row = z.array(z.number().int().min(0)).min(1);
const expectedSchema = z.looseObject({
  ids: z.union([z.array(row).min(1), row.transform((ids) => [ids])]),
  logits: z.array(z.number()).min(1),
});

/** Texts as tokens, and what another library computes from them: every token's logits over the vocabulary, flat, row by row. */
export type ExpectedLogits = z.infer<typeof expectedSchema>;

/** Reads `{ ids, logits }`; throws a sentence when it is of another form. */
export function parseExpectedLogits(json: unknown, file: string): ExpectedLogits {
  const result = expectedSchema.safeParse(json);
  if (result.success) return result.data;
  const places = result.error.issues.map(({ path }) => path.join(".") || "the file itself");
  throw new Error(
    `${file} must hold ids, rows of token ids as whole numbers, and logits, the numbers row by row; missing or of another kind: ${places.join(", ")}`,
  );
}

/** ‖found − expected‖₂ / ‖expected‖₂ over all logits of all rows, computed by the bare backbone on the current backend. */
export async function expectedError(backbone: PackedBackbone, { ids, logits }: ExpectedLogits): Promise<number> {
  requireFit(backbone, { ids, logits });
  const transformer = createTransformer(backbone, { isStreamed: true });
  try {
    const found = new Float32Array(logits.length);
    let at = 0;
    for (const text of ids) {
      const tensor = tf.tidy(() => {
        const { last } = transformer.forward(tokenBatch([text], 0), { prefixes: null, firstPosition: 0, hasGradient: false });
        return transformer.head.forward(last, null, false).logits;
      });
      const values = await tensor.data<"float32">().finally(() => tensor.dispose());
      found.set(values, at);
      at += values.length;
    }
    return relativeError(found, logits);
  } finally {
    transformer.dispose();
  }
}

function requireFit({ config, name }: PackedBackbone, { ids, logits }: ExpectedLogits): void {
  const numTokens = ids.reduce((sum, { length }) => sum + length, 0);
  const numExpected = numTokens * config.vocabSize;
  const largest = ids.flat().reduce((a, b) => Math.max(a, b), 0);
  const longest = ids.reduce((most, { length }) => Math.max(most, length), 0);
  if (logits.length !== numExpected) {
    throw new Error(
      `the expected logits are of another backbone than ${name}: ${numTokens} tokens of a vocabulary of ${config.vocabSize} have ${numExpected}, found ${logits.length}`,
    );
  }
  if (largest >= config.vocabSize)
    throw new Error(`the expected ids hold token ${largest}, the vocabulary of ${name} has ${config.vocabSize}`);
  if (longest > config.maxPositions)
    throw new Error(`a row of ${longest} expected ids does not fit the ${config.maxPositions} positions of ${name}`);
}

/**
 * The largest error of a right backbone: 1e-5 in f32 (1e-4 where a GPU rounds). An encoding alone moves logits by up to half of its bound, as
 * random weights of 32 columns showed; what is wrong elsewhere is surely past the bound only in f32.
 */
export function expectedTolerance(encoding: TensorEncoding, backend: BackendName): number {
  if (encoding === "f32") return backend === "webgpu" ? 1e-4 : 1e-5;
  return { f16: 5e-3, int8: 0.1, int4: 0.6, nf4: 0.5 }[encoding];
}
