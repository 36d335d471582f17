/** What the process ends with; documented in `tutti --help`. */
export const exitCodes = { success: 0, failure: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/** Explains the exit codes, for `--help`. */
export const exitCodesHelp = `Exit codes:
  0    success
  1    failure; stderr says why (--verbose adds the stack)
  2    the command line is wrong
  130  stopped by Ctrl-C; the same command goes on
  143  stopped by SIGTERM; the same command goes on`;

/** A command that was called wrongly: ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
