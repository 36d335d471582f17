import { type BenchRow, row } from "../rows.ts";
import { allTargets } from "./fuzz/allTargets.ts";
import { type FuzzedRun, runFuzzed, startInProcess } from "./fuzz/fuzzedRun.ts";
import { type SpreadOutcome, spreadCases } from "./fuzz/spreadCases.ts";
import type { TorturePlace } from "./part.ts";

/** Cases of readers, and the most that one of them may take of the processor. */
const numCases = 1_000_000;
const limitMs = 3000;
const numProcesses = 2;

/** Of them, those that a real coordinator gets over real sockets. */
const numSent = 20_000;

/** A million hostile inputs: every message, blob and file reader, and a real coordinator while it runs. */
export async function tortureFuzz(place: TorturePlace): Promise<readonly BenchRow[]> {
  const { seed, folder, signal, say } = place;
  const sent = await sendToRun(place);
  let toldMs = performance.now();
  const onProgress = (count: number) => {
    if (performance.now() - toldMs < 15_000) return;
    toldMs = performance.now();
    say(`${count} of ${numCases} cases`);
  };
  const outcome = await spreadCases({ seed, numCases: numCases - numSent, limitMs, numProcesses, folder, signal, onProgress });
  for (const { target, index, what } of [...outcome.faults, ...outcome.ends].slice(0, 50))
    say(`case ${index} of "${allTargets[target]?.name}", seed ${seed}: ${what}`);
  return [...rowsOf(outcome, numCases - numSent), ...sent];
}

/** The same run with and without hostile senders beside its clients. */
async function sendToRun({ seed, folder, signal, say }: TorturePlace): Promise<BenchRow[]> {
  const run = (runId: string, numCases: number): Promise<FuzzedRun> =>
    runFuzzed({ start: (settings) => startInProcess(settings, folder, runId), seed, numCases, signal });
  const alone = await run("alone", 0);
  const beside = await run("fuzzed", numSent);
  for (const fault of beside.faults.slice(0, 50)) say(fault);
  const isSame = alone.parametersSha256 === beside.parametersSha256;
  const count = Object.values(beside.numSent).reduce((sum, one) => sum + one, 0);
  return [
    row("hostile calls, packets, requests and submissions that a coordinator got", count, "", { atLeast: numSent }),
    row("answers without a rule, or none", beside.faults.length, "", { atMost: 0 }),
    { ...row("runs whose parameters they changed", isSame ? 0 : 1, "", { atMost: 0 }), note: beside.parametersSha256.slice(0, 16) },
    ...(beside.peakBytes === null ? [] : [row("memory of that coordinator, at most", beside.peakBytes / 1e6, "MB", { atMost: 600 })]),
  ];
}

/** The outcomes of the cases. */
export function rowsOf({ faults, ends, maxBytes, ...outcome }: SpreadOutcome, wanted: number): BenchRow[] {
  const isSlow = (what: string) => what.startsWith("took ") || what.startsWith("hung ");
  const all = [...faults, ...ends].map(({ what }) => what);
  return [
    row("hostile inputs", outcome.numCases, "", { atLeast: wanted }),
    row("inputs that ended the process", ends.filter(({ what }) => !isSlow(what)).length, "", { atMost: 0 }),
    row("inputs that hung", all.filter(isSlow).length, "", { atMost: 0 }),
    row("answers without a rule, or without words", faults.filter(({ what }) => !isSlow(what)).length, "", { atMost: 0 }),
    row("memory of a process that reads them, at most", maxBytes / 1e6, "MB", { atMost: 1500 }),
  ];
}
