import { homedir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { wholeNumber } from "../parseOptions.ts";

interface HelperFlags {
  readonly join: string;
  readonly count: number;
  readonly folder: string;
}

/** What `tutti class` starts beside it; its tokens come by the environment, since the arguments of a process can be read by others of this machine. */
export function addHelpers(program: Command): void {
  program
    .command("helpers", { hidden: true })
    .description("helper devices of this machine, as `tutti class` starts them")
    .requiredOption("--join <url>", "the coordinator's address")
    .requiredOption("--count <number>", "devices", wholeNumber(1, 64))
    .requiredOption("--folder <path>", "where they keep their keys and states")
    .addHelpText(
      "after",
      `
Example:
  tutti helpers --join http://localhost:8080 --count 3 --folder runs/class-20260102-030405/helpers`,
    )
    .action(async ({ join: url, count, folder }: HelperFlags) => {
      const { TUTTI_HELPER_TOKEN: helperToken = "", TUTTI_CODE_WORD: token } = process.env;
      const abort = new AbortController();
      for (const signal of ["SIGINT", "SIGTERM", "disconnect"]) process.on(signal, () => abort.abort());
      const { runHelpers } = await import("../class/helperClients.ts");
      const cacheFolder = join(homedir(), ".tutti", "backbones");
      const trouble = await runHelpers({ url, token, helperToken, count, folder, cacheFolder }, abort.signal);
      if (trouble !== null) throw new Error(`the helper devices stopped: ${trouble}`);
      if (process.connected) process.disconnect();
    });
}
