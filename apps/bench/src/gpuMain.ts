import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startBackend } from "@tutti/model";
import { isSoftwareAdapter, provideNodeGpu } from "@tutti/model/bench";
import { nameMachine } from "@tutti/terminal";
import { measureGpu } from "./gpuRows.ts";
import type { BenchRow } from "./rows.ts";
import { markdownOf, tableOf } from "./table.ts";

// What runs where the pack of gpu.ts was unpacked: `gpuMain.mjs [--adapter gpu|software] [--quick] [--markdown] [--json FILE]`.

const print = (text: string) => process.stdout.write(`${text}\n`);
const say = (text: string) => process.stderr.write(`${text}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      adapter: { type: "string", default: "gpu" },
      quick: { type: "boolean", default: false },
      markdown: { type: "boolean", default: false },
      json: { type: "string" },
    },
  });
  if (!(await provideNodeGpu()))
    throw new Error("no Vulkan adapter: install the NVIDIA driver, and check that its ICD file is in one of the folders that run.sh names");
  const { adapter } = await startBackend("webgpu");
  const heading = `${adapter}; ${nameMachine()}; ${new Date().toISOString().slice(0, 10)}`;
  if (values.adapter === "gpu" && isSoftwareAdapter(adapter ?? ""))
    throw new Error(`only a software adapter here (${adapter}); --adapter software measures it`);
  print(heading);
  const sayRow = ({ name, value, unit, note }: BenchRow) => say(`${name}  ${value ?? "–"} ${unit}  ${note ?? ""}`);
  const rows = await measureGpu({ isQuick: values.quick, onRow: sayRow });
  print(values.markdown ? markdownOf(rows) : tableOf(rows));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine: heading, rows }, null, 2)}\n`);
}

await main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
process.exit(); // Dawn keeps the process alive
