import { formatBytes, formatCount } from "@tutti/core";
import type { Verdict } from "./verify.ts";

/** The verdict of a check, in a few lines. */
export function verdictText(verdict: Verdict): string {
  const { receipt } = verdict;
  if (verdict.kind === "changed") return "changed: the signature does not fit what the file says";
  if (verdict.kind === "anotherRun") {
    const { runId, key } = verdict.expected;
    const differs =
      receipt.key === key ? `it names run ${receipt.runId}, not ${runId}` : `it is signed by key ${receipt.key}, and the run's is ${key}`;
    return `by another run: ${differs}`;
  }
  const { contributions, numEarlier } = receipt;
  const numBytes = contributions.reduce((sum, entry) => sum + entry.numBytes, 0);
  const [first, last] = [contributions[0], contributions.at(-1)];
  const span = first === undefined || last === undefined ? "" : `, accepted from ${timeText(first.at)} to ${timeText(last.at)}`;
  const earlier = numEarlier === 0 ? "" : `; ${formatCount(numEarlier, "earlier contribution")} not listed`;
  return [
    verdict.isRunKnown
      ? "valid: unchanged, and signed by the run"
      : `unchanged since it was signed by key ${receipt.key}; whether that is the run's key says --run with its address, folder or key`,
    `run ${receipt.runId}, client ${receipt.clientKey}, issued ${timeText(receipt.issuedAt)}`,
    `${formatCount(contributions.length, "contribution")} (${formatBytes(numBytes)})${span}${earlier}`,
  ].join("\n");
}

const timeText = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
