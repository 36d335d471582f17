import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { limits } from "@tutti/protocol";
import type { CoordinatorConfig } from "../config.ts";

/** Files that the coordinator itself may have open: the journal, the run's files, its listening socket, threads and child processes. */
const reservedFiles = 64;

/** How many files this process may open, as `ulimit -n` says; null where there is no such bound. */
export function readFileLimit(): number | null {
  return parseFileLimit(limitText());
}

/** The soft limit in the text of /proc/self/limits, or the number that `ulimit -n` prints. */
export function parseFileLimit(text: string): number | null {
  const found = /^Max open files\s+(\S+)/m.exec(text)?.[1] ?? text.trim();
  return /^\d+$/.test(found) ? Number(found) : null;
}

function limitText(): string {
  try {
    if (process.platform === "linux") return readFileSync("/proc/self/limits", "utf8");
    return process.platform === "win32" ? "" : execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" });
  } catch {
    return ""; // a machine that does not say: Node's own errors tell of files that cannot be opened
  }
}

/** Most connections at once (P-140): each may read one file beside its own descriptor, so that no number of visitors keeps the journal from its files. */
export function connectionCap(fileLimit: number | null, wanted: number | null): number | null {
  const possible = fileLimit === null ? null : Math.max(1, Math.floor((fileLimit - reservedFiles) / 2));
  if (possible === null || wanted === null) return possible ?? wanted;
  return Math.min(possible, wanted);
}

/** Why the cap is too low for the run, and what to do; null where it is not. A tab has a socket and, now and then, a second connection. */
export function capNotice(
  cap: number | null,
  fileLimit: number | null,
  config: Pick<CoordinatorConfig, "run" | "expectedClients">,
): string | null {
  const { roster, numDevices, maxDevices } = config.run;
  const numClients = Math.min(limits.maxClients, roster === "open" ? maxDevices : (config.expectedClients ?? numDevices));
  const needed = 2 * numClients;
  if (cap === null || cap >= needed) return null;
  if (fileLimit === null || connectionCap(fileLimit, null) !== cap)
    return `at most ${cap} connections at once, but ${numClients} clients may come with two each: set connections.max to ${needed} or more`;
  return `this process may open ${fileLimit} files, which is too low: at most ${cap} connections at once, but ${numClients} clients may come with two each; run \`ulimit -n ${2 * needed + reservedFiles}\` first, then start again`;
}
