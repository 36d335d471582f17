/** What the process ends with; documented in `tutti --help`. */
export const exitCodes = { success: 0, failure: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/** Explains the exit codes, for `--help`. */
export const exitCodesHelp = `Exit codes:
  0    success
  1    failure; stderr says why (--verbose adds the stack)
  2    the command line is wrong, or the settings or folders that it names
  130  stopped by Ctrl-C; the same command goes on
  143  stopped by SIGTERM; the same command goes on`;

/** Whether a command ended because of what it was given and not because of what happened at work: it then ends with exit code 2. */
export function isWrongUse(error: unknown): boolean {
  return error instanceof Error && ["UsageError", "ConfigError", "ExperimentError"].includes(error.name);
}

/** A command that was called wrongly: ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What is found for a name that the command was given; where nothing is, the command was called wrongly. */
export function orWrongUse<T>(find: () => T): T {
  try {
    return find();
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
