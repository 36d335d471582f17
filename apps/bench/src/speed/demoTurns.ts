import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BenchRow, median, row } from "../rows.ts";
import { ratioInTurns, takeTurns } from "./ratios.ts";
import type { SpeedPlace } from "./speedAsked.ts";
import { busyRows, type TimedStep } from "./tabShare.ts";

/** The results of a checkout's demos. */
export interface DemoOutcome {
  /** Of the whole command. */
  readonly seconds: number;
  readonly accuracy: Readonly<Record<string, number | null>>;
  readonly parametersSha256: string;
  readonly steps: readonly TimedStep[];
}

/** Runs the demo of a checkout with its defaults, as a user would, in a folder that is gone afterwards. */
export async function runDemoOf(root: string, signal: AbortSignal): Promise<DemoOutcome> {
  signal.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), "tutti-speed-"));
  const json = join(folder, "result.json");
  try {
    const start = performance.now();
    await runCheckout(root, ["demo", "--out", folder, "--json", json], signal);
    const seconds = (performance.now() - start) / 1000;
    const { accuracy, parametersSha256 } = JSON.parse(await readFile(json, "utf8")) as Pick<DemoOutcome, "accuracy" | "parametersSha256">;
    const runId = (await readdir(folder)).find((name) => name.endsWith("-topic")) ?? "";
    const lines = (await readFile(join(folder, runId, "rounds.jsonl"), "utf8")).trim().split("\n");
    return { seconds, accuracy, parametersSha256, steps: lines.map((line) => JSON.parse(line) as TimedStep) };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Runs `tutti` of a checkout to its end; when the signal fires, the command is asked to stop and waited for. */
async function runCheckout(root: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  const child = spawn(process.execPath, [join(root, "apps/cli/bin/tutti.mjs"), ...args], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const stop = () => void child.kill("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  const code = await new Promise<number | null>((resolve, reject) => child.once("exit", resolve).once("error", reject));
  signal.removeEventListener("abort", stop);
  signal.throwIfAborted();
  if (code !== 0) throw new Error(`tutti ${args.join(" ")} of ${root} ended with exit code ${code}`);
}

/** The demo, whole command, before and now in turns; its accuracies and hashes; and how far its tabs held a task. */
export async function benchDemoTurns({ now, before, isQuick, say, signal }: SpeedPlace): Promise<BenchRow[]> {
  const roots = [...(before === null ? [] : [before]), now];
  const runs = await takeTurns(
    isQuick ? 1 : 2,
    roots.map((root) => async (turn: number) => {
      const outcome = await runDemoOf(root, signal);
      say(
        `demo: turn ${turn + 1}, ${root === now ? "now" : "before"}: ${outcome.seconds.toFixed(1)} s, parameters ${outcome.parametersSha256.slice(0, 12)}`,
      );
      return outcome;
    }),
  );
  const ours = runs.at(-1) ?? [];
  return [...demoRows(ours, before === null ? null : (runs[0] ?? [])), ...busyRows(ours.map(({ steps }) => steps))];
}

/** The rows of the demos' results; `before` is null without an older checkout. */
export function demoRows(now: readonly DemoOutcome[], before: readonly DemoOutcome[] | null): BenchRow[] {
  const seconds = (runs: readonly DemoOutcome[]) => runs.map((run) => run.seconds);
  const hashes = (runs: readonly DemoOutcome[]) => [...new Set(runs.map((run) => run.parametersSha256.slice(0, 16)))].join(", ");
  if (before === null) {
    const whole = row("demo, whole command", median(seconds(now)), "s");
    return [{ ...whole, note: `parameters ${hashes(now)}` }];
  }
  const note = `${seconds(now).map(oneDigit).join(", ")} s and ${seconds(before).map(oneDigit).join(", ")} s, in turns`;
  const same = row("demo, different parameters in runs of one checkout", Math.max(distinct(now), distinct(before)), "", { atMost: 1 });
  return [
    { ...row("demo, whole command, now / before", ratioInTurns(seconds(now), seconds(before)), "×", { atMost: 0.62 }), note },
    { ...same, note: `parameters now ${hashes(now)}, before ${hashes(before)}` },
    ...["personalised", "newcomer"].map((protocol) => accuracyRow(protocol, now[0], before[0])),
  ];
}

const oneDigit = (value: number) => value.toFixed(1);
const distinct = (runs: readonly DemoOutcome[]) => new Set(runs.map((run) => run.parametersSha256)).size;

function accuracyRow(protocol: string, now: DemoOutcome | undefined, before: DemoOutcome | undefined): BenchRow {
  const of = (outcome: DemoOutcome | undefined) => 100 * (outcome?.accuracy[protocol] ?? Number.NaN);
  const found = row(`demo, ${protocol} accuracy, difference to before`, Math.abs(of(now) - of(before)), "points", { atMost: 0.5 });
  return { ...found, note: `now ${of(now).toFixed(1)} %, before ${of(before).toFixed(1)} %` };
}
