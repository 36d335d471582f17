import { readTokenizerFile } from "../tokenizing/tokenizerFile.ts";

/** Refuses a tokenizer.json that cannot be read, or whose tokens have no row in the embedding table; returns how many tokens it has. */
export function checkTokenizer(tokenizerJson: string, vocabSize: number): number {
  const { largestId: largest } = readTokenizerFile(tokenizerJson);
  if (largest >= vocabSize) {
    throw new Error(
      `tokenizer.json goes up to token ${largest}, but config.json's vocab_size is ${vocabSize}: they belong to different models ` +
        "(if tokens were added, resize the model's embeddings first)",
    );
  }
  return largest + 1;
}
