import { readFile } from "node:fs/promises";
import { nameMachine, writeWhole } from "@tutti/terminal";
import { benchAggregate } from "./aggregate.ts";
import { benchDemo } from "./demo.ts";
import { benchGpu } from "./gpu.ts";
import { benchKernels } from "./kernels.ts";
import { benchLab } from "./lab.ts";
import { benchLoad } from "./load/load.ts";
import { type BenchName, onlyByName } from "./names.ts";
import { benchPages } from "./pages/pages.ts";
import type { BenchRow } from "./rows.ts";
import { benchSpeed } from "./speed/speed.ts";
import type { SpeedAsked } from "./speed/speedAsked.ts";
import { benchSystems } from "./systems/systems.ts";
import { markdownOf, tableOf } from "./table.ts";
import { benchTests } from "./tests.ts";
import { benchTrainingStep } from "./trainingStep.ts";
import { benchTurnaround } from "./turnaround.ts";

const benches: Readonly<Record<BenchName, (speed: SpeedAsked) => Promise<BenchRow[]>>> = {
  aggregate: benchAggregate,
  turnaround: benchTurnaround,
  load: benchLoad,
  step: benchTrainingStep,
  kernels: benchKernels,
  demo: benchDemo,
  lab: benchLab,
  systems: benchSystems,
  pages: benchPages,
  speed: benchSpeed,
  gpu: benchGpu,
  tests: benchTests,
};

/** Where rows go and in which form. */
export interface BenchOutput {
  readonly form: "table" | "markdown";
  /** Takes the results. */
  print(text: string): void;
}

interface KeptRows {
  readonly machine: string;
  readonly rows: readonly BenchRow[];
}

/** Measures the named benchmarks, by default all but those that run only by name; whether every goal is met. */
export async function runBenches(
  names: readonly BenchName[],
  {
    json,
    speed,
    ...output
  }: BenchOutput & { readonly json: string | undefined; readonly speed: Omit<SpeedAsked, "say">; say(line: string): void },
): Promise<boolean> {
  const machine = nameMachine();
  output.print(machine);
  const rows: BenchRow[] = [];
  for (const name of Object.keys(benches) as BenchName[]) {
    if (names.length === 0 ? onlyByName.includes(name) : !names.includes(name)) continue;
    output.say(`measuring ${name} …`);
    rows.push(...(await benches[name]({ ...speed, say: output.say })));
  }
  printRows(rows, output);
  if (json !== undefined) await writeWhole(json, `${JSON.stringify({ machine, rows } satisfies KeptRows, null, 2)}\n`);
  return rows.every(({ holds }) => holds !== false);
}

/** Prints the rows that `--json` wrote to a file. */
export async function printKeptRows(path: string, output: BenchOutput): Promise<void> {
  const { machine, rows } = await readKeptRows(path);
  output.print(`${machine}\n`);
  printRows(rows, output);
}

async function readKeptRows(path: string): Promise<KeptRows> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as KeptRows;
  } catch (cause) {
    throw new Error(`${path} cannot be read: give a file that \`tutti bench --json\` wrote`, { cause });
  }
}

function printRows(rows: readonly BenchRow[], { form, print }: BenchOutput): void {
  print(form === "markdown" ? markdownOf(rows) : tableOf(rows));
}
