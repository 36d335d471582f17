import { createTokenizer } from "../tokenizer.ts";
import { readTokenizerFile } from "../tokenizing/tokenizerFile.ts";

/** Words, signs and what hardly any vocabulary knows. */
const sampleText = "The parcel came 2 days late, café 中文 😀\n\t?";

/** Refuses a tokenizer that cannot be read or used, or whose tokens have no row in the embedding table; returns how many tokens it has. */
export function checkTokenizer(tokenizerJson: string, tokenizerConfig: string | null, vocabSize: number): number {
  const { largestId: largest } = readTokenizerFile(tokenizerJson);
  if (largest >= vocabSize) {
    throw new Error(
      `tokenizer.json goes up to token ${largest}, but config.json's vocab_size is ${vocabSize}: they belong to different models ` +
        "(if tokens were added, resize the model's embeddings first)",
    );
  }
  if (largest < 0) throw new Error("tokenizer.json has no token");
  const tokenizer = createTokenizer(tokenizerJson, tokenizerConfig);
  const ids = [...tokenizer.encode(sampleText), tokenizer.fillerId];
  try {
    tokenizer.decode(ids);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`tokenizer.json cannot turn tokens back into text: ${reason}`, { cause });
  }
  return largest + 1;
}
