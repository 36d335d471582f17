import { type ChildProcess, fork } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ChildOrder, ChildReport } from "./childMessages.ts";
import type { CaseFault, CaseName, CasesRun } from "./runCases.ts";

/** What the cases of all processes came to. */
export interface SpreadOutcome {
  readonly numCases: number;
  readonly faults: readonly CaseFault[];
  /** Cases at which a process hung and was ended, or ended by itself. */
  readonly ends: readonly CaseFault[];
  /** The most memory that one process held. */
  readonly maxBytes: number;
}

/** How cases are spread over processes. */
export interface Spread extends Pick<CasesRun, "seed" | "numCases" | "limitMs"> {
  readonly numProcesses: number;
  /** Where the processes note the case that they are at. */
  readonly folder: string;
  readonly signal: AbortSignal;
  onProgress(numCases: number): void;
}

/** A case that is still the same one after this time hangs; the machine may have much else to do. */
const hangMs = 60_000;
/** What a process may keep of JavaScript's objects. */
const heapMegabytes = 700;
/** After this number of ends the rest of a process's cases is left out. */
const mostEnds = 20;

/** Runs cases in several processes; one that hangs or crashes is started again behind the case that it was at. */
export async function spreadCases(spread: Spread): Promise<SpreadOutcome> {
  const found = { numCases: 0, faults: [] as CaseFault[], ends: [] as CaseFault[], maxBytes: 0 };
  const onReport = (report: ChildReport) => {
    if (report.kind === "fault") found.faults.push(report.fault);
    if (report.kind !== "progress") return;
    found.numCases += report.numCases;
    found.maxBytes = Math.max(found.maxBytes, report.maxBytes);
    spread.onProgress(found.numCases);
  };
  const lanes = Array.from({ length: spread.numProcesses }, async (_, at) => {
    let from: CaseName | null = { target: 0, index: 0 };
    for (let numEnds = 0; from !== null && numEnds < mostEnds && !spread.signal.aborted; numEnds++) {
      const end: CaseFault | null = await runProcess({ at, from }, spread, onReport);
      if (end !== null) found.ends.push(end);
      from = end === null ? null : { target: end.target, index: end.index + 1 };
    }
  });
  await Promise.all(lanes);
  return found;
}

type Lane = { readonly at: number; readonly from: CaseName };

/** Null when all its cases ran, or it was told to stop. */
async function runProcess({ at, from }: Lane, spread: Spread, onReport: (report: ChildReport) => void): Promise<CaseFault | null> {
  const { seed, numCases, limitMs, numProcesses, signal, folder } = spread;
  const placeFile = join(folder, `case-${at}`);
  writeFileSync(placeFile, "");
  const child = fork(fileURLToPath(new URL("./casesChild.ts", import.meta.url)), [], {
    execArgv: ["--import", "tsx", `--max-old-space-size=${heapMegabytes}`],
  });
  const stop = () => void child.kill("SIGKILL");
  signal.addEventListener("abort", stop, { once: true });
  let isDone = false;
  child.on("message", (report: ChildReport) => {
    isDone ||= report.kind === "done";
    onReport(report);
  });
  const order: ChildOrder = { seed, numCases, limitMs, share: { at, of: numProcesses }, from, placeFile };
  child.send(order);
  const hung = watchPlace(child, placeFile);
  const [code, killedBy] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once("exit", (exitCode, exitSignal) => resolve([exitCode, exitSignal])),
  );
  hung.stop();
  signal.removeEventListener("abort", stop);
  if (isDone || signal.aborted) return null;
  const why = hung.isHung() ? `hung for ${hangMs / 1000} s` : `ended its process (exit code ${code}, signal ${killedBy})`;
  return { ...(placeOf(placeFile) ?? from), what: why };
}

/** Ends a process whose case stays the same. */
function watchPlace(child: ChildProcess, placeFile: string): { isHung(): boolean; stop(): void } {
  let [last, sinceMs, isHung] = ["", performance.now(), false];
  const timer = setInterval(() => {
    const place = placeOf(placeFile);
    const now = JSON.stringify(place);
    if (now !== last || place === null) [last, sinceMs] = [now, performance.now()];
    if (performance.now() - sinceMs < hangMs) return;
    isHung = true;
    child.kill("SIGKILL");
  }, 500);
  return { isHung: () => isHung, stop: () => clearInterval(timer) };
}

/** Null before the first case. */
function placeOf(placeFile: string): CaseName | null {
  const bytes = readFileSync(placeFile);
  return bytes.length < 8 ? null : { target: bytes.readUInt32LE(0), index: bytes.readUInt32LE(4) };
}
