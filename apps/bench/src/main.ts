import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { nameMachine } from "@tutti/terminal";
import { benchAggregate } from "./aggregate.ts";
import { benchDemo } from "./demo.ts";
import { benchGpu } from "./gpu.ts";
import { benchJoins } from "./joins.ts";
import { benchKernels } from "./kernels.ts";
import { benchLab } from "./lab.ts";
import type { BenchRow } from "./rows.ts";
import { markdownOf, tableOf } from "./table.ts";
import { benchTests } from "./tests.ts";
import { benchTrainingStep } from "./trainingStep.ts";
import { benchTurnaround } from "./turnaround.ts";

const benches: Readonly<Record<string, () => Promise<BenchRow[]>>> = {
  aggregate: benchAggregate,
  turnaround: benchTurnaround,
  joins: benchJoins,
  step: benchTrainingStep,
  kernels: benchKernels,
  demo: benchDemo,
  lab: benchLab,
};

/** Run only when asked for by name: they take as long as all the others together, or make something to be run elsewhere. */
const onlyByName: Readonly<Record<string, () => Promise<BenchRow[]>>> = { gpu: benchGpu, tests: benchTests };
const named = { ...benches, ...onlyByName };

const usage = `npm run bench -- [name…] [--markdown] [--json FILE]: measures and compares with the goals; --from FILE prints what --json wrote; names: ${Object.keys(named).join(", ")} (${Object.keys(onlyByName).join(", ")} only by name)`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { json: { type: "string" }, markdown: { type: "boolean" }, from: { type: "string" }, help: { type: "boolean" } },
    allowPositionals: true,
  });
  if (values.help === true) return console.log(usage);
  const print = (rows: readonly BenchRow[]) => console.log(values.markdown === true ? markdownOf(rows) : tableOf(rows));
  if (values.from !== undefined) {
    const { machine, rows } = JSON.parse(readFileSync(values.from, "utf8")) as { machine: string; rows: BenchRow[] };
    console.log(`${machine}\n`);
    return print(rows);
  }
  const unknown = positionals.filter((name) => !Object.hasOwn(named, name));
  if (unknown.length > 0) {
    console.error(`There is no bench ${unknown.join(", ")}. ${usage}`);
    process.exitCode = 2;
    return;
  }
  const machine = nameMachine();
  console.log(machine);
  const rows: BenchRow[] = [];
  for (const [name, bench] of Object.entries(positionals.length > 0 ? named : benches)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    console.error(`measuring ${name} …`);
    rows.push(...(await bench()));
  }
  print(rows);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
  if (rows.some(({ holds }) => holds === false)) process.exitCode = 1;
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof TypeError ? 2 : 1;
});
