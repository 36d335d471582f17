import { formatCount } from "@tutti/core";
import type { RunRecord } from "@tutti/record";
import { runName } from "./runs.ts";

/** The prompt of words that a run came to; null where it tuned nothing of the kind. */
export function promptSentence({ prompt }: RunRecord): string | null {
  if (prompt === undefined) return null;
  if (prompt.tokens.length === 0) return "The prompt has no word: the devices agreed on none.";
  return `The prompt, which is read in front of every text: “${prompt.text}” (${formatCount(prompt.tokens.length, "token")}).`;
}

/** A line for each run of an experiment that tuned a prompt of words. */
export function promptLines(runs: readonly RunRecord[]): string[] {
  return runs.flatMap((run) => {
    if (run.prompt === undefined) return [];
    const { text, tokens } = run.prompt;
    return [`${runName(run)}: ${tokens.length === 0 ? "no word" : `“${text}” (${formatCount(tokens.length, "token")})`}`];
  });
}
