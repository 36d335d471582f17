import { createProgram } from "../../apps/cli/src/program.ts";

/** What the command `tutti` prints, run in this process. */
export async function printedBy(...words: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: unknown) => void lines.push(String(line));
  await createProgram()
    .parseAsync(words, { from: "user" })
    .finally(() => {
      console.log = log;
    });
  return lines.join("\n");
}
