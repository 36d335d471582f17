import { z } from "zod";

const tokenizerSchema = z.looseObject({
  model: z.looseObject({ vocab: z.union([z.record(z.string(), z.number()), z.array(z.unknown())]) }),
  added_tokens: z.array(z.looseObject({ id: z.number().int() })).default([]),
});

/** Refuses a tokenizer.json whose tokens have no row in the embedding table; returns how many tokens it has. */
export function checkTokenizer(tokenizerJson: string, vocabSize: number): number {
  const found = tokenizerSchema.safeParse(parseJson(tokenizerJson));
  if (!found.success) throw new Error(`tokenizer.json is not a tokenizer: ${z.prettifyError(found.error)}`);
  const { model, added_tokens: added } = found.data;
  let largest = -1;
  if (Array.isArray(model.vocab)) largest = model.vocab.length - 1;
  else for (const id of Object.values(model.vocab)) largest = Math.max(largest, id);
  for (const { id } of added) largest = Math.max(largest, id);
  if (largest >= vocabSize) {
    throw new Error(
      `tokenizer.json goes up to token ${largest}, but config.json's vocab_size is ${vocabSize}: they belong to different models ` +
        "(if tokens were added, resize the model's embeddings first)",
    );
  }
  return largest + 1;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error("tokenizer.json is not JSON (cut off, or a pointer of Git LFS?)", { cause });
  }
}
