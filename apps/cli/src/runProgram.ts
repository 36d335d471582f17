import { type Command, CommanderError } from "commander";
import { exitCodes, isWrongUse } from "./exitCodes.ts";

/** Errors that tell all faults of somebody's file, a line each. */
const listsFaults = ({ name, cause }: Error): boolean =>
  ["ConfigError", "ExperimentError", "FaultyRows"].includes(name) ||
  (name === "UsageError" && cause instanceof Error && listsFaults(cause));

/** Why the system refused a file, where it says so with a code. */
const systemReasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  ENOTDIR: "a part of its path is a file, not a folder",
  EISDIR: "it is a folder, not a file",
  EACCES: "this user may not use it",
  EPERM: "this user may not use it",
  ENOSPC: "the disk is full",
  EROFS: "the disk takes no changes",
};

/** An error's own words; for one that is the system's, the path and the reason. */
function wordsOf(error: Error): string {
  const { code, path } = error as NodeJS.ErrnoException;
  const reason = code === undefined ? undefined : systemReasons[code];
  return reason === undefined || !error.message.startsWith(`${code}:`)
    ? error.message
    : `${path === undefined ? "" : `${path}: `}${reason}`;
}

/** Where it failed and why as one line, or as a line for each fault of a file: the message, then the causes that say something new. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (listsFaults(error) && error.message.includes("\n")) return error.message;
  const cause = error.cause instanceof Error && !error.message.includes(error.cause.message) ? `: ${explain(error.cause)}` : "";
  return `${wordsOf(error)}${cause}`.replaceAll(/\s*\n\s*/g, " ");
}

/** Whoever reads along, such as `head`, may leave early: the command goes on to its end. */
function tolerateClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

/** Runs what this process was called with, and sets its exit code; a failure is said in a line. */
export async function runProgram(program: Command): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", tolerateClosedPipe);
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? exitCodes.success : exitCodes.usage;
    } else {
      const isVerbose = program.opts<{ verbose?: boolean }>().verbose === true;
      process.stderr.write(`tutti: ${isVerbose && error instanceof Error ? error.stack : explain(error)}\n`);
      process.exitCode = isWrongUse(error) ? exitCodes.usage : exitCodes.failure;
    }
  }
}
