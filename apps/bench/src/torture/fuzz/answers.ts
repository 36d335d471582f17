/** Errors of the engine itself: a reader that lets one out did not look at what it read. */
const engineErrors: readonly (abstract new () => Error)[] = [TypeError, RangeError, ReferenceError, SyntaxError, URIError];

/** What is wrong with a reader's error; null for a sentence that says what was found. */
export function faultOfError(error: unknown): string | null {
  if (!(error instanceof Error)) return `threw ${typeof error}, which is not an Error`;
  if (engineErrors.some((kind) => error instanceof kind)) return `let out ${error.name}: ${error.message} ${placeOf(error)}`;
  if (error.name === "ZodError" || error.name === "$ZodError") return `let out a schema's own error ${placeOf(error)}`;
  if (error.message.length < 8) return `says only ${JSON.stringify(error.message)}`;
  if (error.message.length > 20_000) return `says ${error.message.length} characters`;
  return null;
}

/** The first lines of the stack that are ours. */
function placeOf({ stack = "" }: Error): string {
  const lines = stack.split("\n").filter((line) => /\.(?:ts|tsx|js|mjs)/.test(line) && !line.includes("/torture/"));
  return lines
    .slice(0, 3)
    .map((line) =>
      line
        .trim()
        .replace(/^at /, "")
        .replace(/\(?(?:file:\/\/)?\/.*\/((?:[^/]+\/){2}[^/]+)\)?$/, "$1"),
    )
    .join(" < ");
}
