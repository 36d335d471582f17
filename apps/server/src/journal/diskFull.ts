/** A full disk or quota, or a file that may not grow. */
const codes: readonly unknown[] = ["ENOSPC", "EDQUOT", "EFBIG"];

/** Whether an error says that there is no more space. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && codes.includes(error.code);
}
