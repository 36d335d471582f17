import { ConfigError } from "@tutti/server";
import { ExperimentError } from "../experiment/experimentFile.ts";
import { joinLab } from "./joinLab.ts";
import { listExperiments } from "./list.ts";
import { parseOptions } from "./options.ts";
import { runExperiment } from "./runExperiment.ts";
import { exitCodeOf } from "./signals.ts";

/** 0: all done; 1: something failed; 2: the command or the file is wrong. */
async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options.isList) {
    process.stdout.write(`${await listExperiments(options)}\n`);
    return 0;
  }
  if (options.join !== null) return exitCodeOf(await joinLab(options, options.join));
  if (options.file === null) return 2;
  const end = await runExperiment(options, options.file);
  if (end.kind === "stopped") return exitCodeOf(end.signal);
  return end.kind === "finished" && end.numFailed > 0 ? 1 : 0;
}

/** Where it failed and why: the message, then the causes that say something new. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error && !error.message.includes(error.cause.message) ? `: ${explain(error.cause)}` : "";
  return `${error.message}${cause}`;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`lab: ${explain(error)}\n`);
  process.exitCode = error instanceof ExperimentError || error instanceof ConfigError ? 2 : 1;
}
