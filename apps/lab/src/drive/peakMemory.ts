import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { familyOf, findProcesses } from "./processorTime.ts";

/** Most bytes of memory that a process of each kind has held so far, by the kernel's count; null where it was not measured. */
export interface PeakMemory {
  /** The process that draws a tab's page and computes in it: the largest of all tabs. */
  readonly tab: number | null;
  readonly compute: number | null;
}

/** Nothing measured yet. */
export const noPeak: PeakMemory = { tab: null, compute: null };

/** Of processes that are there now: of the tabs with these profiles, and of the compute client that joined at an address. */
export function readPeakMemory(profileFolders: readonly string[], url: string): PeakMemory {
  const profiles = profileFolders.map((folder) => `--user-data-dir=${resolve(folder)} `);
  const browsers = findProcesses((line) => !line.includes("--type=") && profiles.some((profile) => `${line} `.includes(profile)));
  const pages = new Set(findProcesses((line) => line.includes("--type=renderer")));
  const ofTabs = [...familyOf(browsers)].filter((pid) => pages.has(pid));
  const computers = findProcesses((line) => line.includes(` compute `) && `${line} `.includes(` --join ${url} `));
  return { tab: largest(ofTabs), compute: largest(computers) };
}

/** The larger of both, where either was measured. */
export function morePeak(a: PeakMemory, b: PeakMemory): PeakMemory {
  const more = (x: number | null, y: number | null) => (x === null ? y : y === null ? x : Math.max(x, y));
  return { tab: more(a.tab, b.tab), compute: more(a.compute, b.compute) };
}

/** A process' peak from the text of /proc/<pid>/status; null where it says none. */
export function parsePeak(status: string): number | null {
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? null : 1024 * Number(kilobytes);
}

function largest(pids: readonly number[]): number | null {
  const peaks = pids.flatMap((pid) => peakOf(pid) ?? []);
  return peaks.length === 0 ? null : Math.max(...peaks);
}

/** A process may end at any time. */
function peakOf(pid: number): number | null {
  try {
    return parsePeak(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return null;
  }
}
