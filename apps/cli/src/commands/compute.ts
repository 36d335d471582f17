import { type Command, Option } from "commander";
import type { ComputeFlags } from "../compute/compute.ts";

/** `tutti compute`: the large model of a run whose strategy needs one. */
export function addCompute(program: Command): void {
  program
    .command("compute")
    .description("compute for a run what needs a large model, on a machine that you trust")
    .requiredOption("--join <url>", "the coordinator's address, as `tutti serve` prints it")
    .addOption(new Option("--token <token>", "the run's token, as `tutti serve` prints it").env("TUTTI_COMPUTE_TOKEN"))
    .addOption(new Option("--backend <name>", "what to compute on").choices(["auto", "wasm", "cpu", "webgpu"]).default("auto"))
    .option("--keep <folder>", "where backbones and the large model's scores are kept (default: ~/.tutti/compute)")
    .option("--quiet", "say only what goes wrong")
    .option("--ca <file>", "trust the certificate in this PEM file")
    .addHelpText(
      "after",
      `
Strategies such as fedPt distil a large model into the small one that the tabs train. \`tutti serve\` starts this command by itself, unless it is
told --no-compute; a run without a compute client waits, and goes on when one comes. It does the same when a run of replies is over, whose report
shows some generated answers.

Examples:
  tutti compute --join http://192.168.1.20:8080 --token 3Xv…
  TUTTI_COMPUTE_TOKEN=3Xv… tutti compute --join http://localhost:8080`,
    )
    .action(async (flags: ComputeFlags) => (await import("../compute/compute.ts")).compute(flags));
}
