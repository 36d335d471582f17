import type { TextExample } from "./example.ts";

/** An example as a causal backbone reads it: the loss, and what is generated, is the answer alone. */
export interface PromptedText {
  /** Empty of a continuation. */
  readonly prompt: string;
  /** Follows the prompt directly: a space between them belongs to the answer. */
  readonly answer: string;
  /**
   * From a chat template: special tokens that are written in prompt and answer are meant, those around a text and the one that ends it included.
   * Otherwise nothing written is a special token, and the reader puts the tokenizer's own around.
   */
  readonly isChat: boolean;
}

/** Turns an example into what a backbone reads; the answer of a reply changes nothing in its prompt. */
export type Prompter = (example: TextExample) => PromptedText;
