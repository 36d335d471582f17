import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

interface ProcessTime {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/** Seconds that processes and all their descendants have used the processor, from /proc; null where there is none, and of no process. */
export function processorSecondsOf(roots: readonly number[]): number | null {
  const all = listProcesses();
  if (all.length === 0 || roots.length === 0) return null;
  const family = familyIn(all, roots);
  const ticks = all.reduce((sum, process) => sum + (family.has(process.pid) ? process.ticks : 0), 0);
  return ticks / ticksPerSecond();
}

/** Processes with all their descendants; only they themselves where there is no /proc. */
export function familyOf(roots: readonly number[]): ReadonlySet<number> {
  return familyIn(listProcesses(), roots);
}

function familyIn(all: readonly ProcessTime[], roots: readonly number[]): ReadonlySet<number> {
  const family = new Set(roots);
  // a child may stand before its parent, so until nothing is added
  for (let before = -1; before !== family.size; ) {
    before = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  return family;
}

/** Seconds that all programs of this machine have used its processors, from /proc; null where there is none. */
export function busySeconds(): number | null {
  const line = read("/proc/stat")?.split("\n", 1)[0];
  if (line === undefined) return null;
  // user, nice, system, idle, iowait, irq, softirq, steal
  const ticks = line.trim().split(/ +/).slice(1, 9).map(Number);
  return ticks.reduce((sum, value, column) => (column === 3 || column === 4 ? sum : sum + value), 0) / ticksPerSecond();
}

/** Processes, not children of others like them, whose command line holds a text. */
export function findProcesses(isWanted: (commandLine: string) => boolean): number[] {
  return pids().filter((pid) => {
    const line = read(`/proc/${pid}/cmdline`);
    return line !== null && isWanted(line.replaceAll("\0", " "));
  });
}

/** A line of /proc/<pid>/stat: the name in brackets may hold anything, also brackets. */
export function parseStat(line: string): ProcessTime {
  const pid = Number.parseInt(line, 10);
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return { pid, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

function listProcesses(): ProcessTime[] {
  return pids().flatMap((pid) => {
    const line = read(`/proc/${pid}/stat`);
    return line === null ? [] : [parseStat(line)];
  });
}

function pids(): number[] {
  try {
    return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

/** A process may end at any time. */
function read(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}

let knownTicks: number | null = null;

function ticksPerSecond(): number {
  knownTicks ??= Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" })) || 100;
  return knownTicks;
}
