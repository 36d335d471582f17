import type { Command } from "commander";
import type { WatchFlags } from "../watch/watch.ts";

/** `tutti watch`: the stage for people without a browser. */
export function addWatch(program: Command): void {
  program
    .command("watch")
    .description("watch a run from this terminal: its results, losses, layers, bytes and devices, until it is over")
    .argument("<url>", "the coordinator's address, as `tutti serve` prints it")
    .option("--token <text>", "the run's code word, or the operator's token, where the address does not carry it")
    .option("--json", "print each event of the live feed as a line of JSON (SPEC.md, P-170)")
    .option("--ca <file>", "trust the certificate in this PEM file, such as runs/coordinator/certificate.pem of `tutti serve --https self`")
    .option("--insecure", "trust any certificate, also one that somebody else made")
    .addHelpText(
      "after",
      `
On a terminal the figures are drawn in place; elsewhere there is a line for each round. Where the coordinator goes away it is asked again
every 2 s. Ctrl-C ends it; the run goes on.

Examples:
  tutti watch http://192.168.1.20:8080
  tutti watch "http://192.168.1.20:8080/#token=a-code-word"
  tutti watch http://localhost:8080 --json | jq .event`,
    )
    .action(async (url: string, flags: WatchFlags) => (await import("../watch/watch.ts")).watch(url, flags));
}
