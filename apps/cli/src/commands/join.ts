import { type Command, Option } from "commander";
import type { JoinFlags } from "../join/join.ts";
import { positiveNumber } from "../parseOptions.ts";

/** `tutti join`: a volunteer without a browser. */
export function addJoin(program: Command): void {
  program
    .command("join")
    .description("join a run from this machine without a browser, and train until the run is over")
    .argument("<url>", "the coordinator's address, as `tutti serve` prints it")
    .option("--token <text>", "the run's code word or an invitation, where the address does not carry it")
    .option("--state <folder>", "where this client keeps its devices (default: a folder for each coordinator in ~/.tutti/clients)")
    .option("--host-token <token>", "what the operator gives to clients that may have the states of other clients' devices")
    .addOption(
      new Option("--backend <name>", "what to compute on; auto measures").choices(["auto", "wasm", "cpu", "webgpu"]).default("auto"),
    )
    .option("--data <file>", "your own examples, for a run with an open roster: CSV, TSV or JSON Lines with the columns text and label")
    .option("--delete", "leave, and have deleted what the coordinator keeps of this client and its devices; nothing is trained")
    .option("--nickname <name>", "what the pages call this client")
    .option(
      "--memory <MB>",
      "memory that training may use, told to a run that plans for each client (default: half of what is free)",
      positiveNumber,
    )
    .option("--link <kB/s>", "speed of this machine's link, told to the same runs (default: measured)", positiveNumber)
    .option("--forward-only", "take part with forward passes alone, in runs that let such devices: a backward pass needs more memory")
    .option("--machine <file>", "simulate another machine: YAML with flopsPerSecond, memoryBytes and bytesPerSecond")
    .option("--ca <file>", "trust the certificate in this PEM file, such as runs/coordinator/certificate.pem of `tutti serve --https self`")
    .option("--insecure", "trust any certificate, also one that somebody else made")
    .addHelpText(
      "after",
      `
The client trains for one device or more. A device is one set of private examples with prompts that are trained on them; only what the run
asks for of the prompts is sent. Ctrl-C tells the coordinator and leaves; the same command comes back with the same devices.
A run that plans for each client (its strategy is fedPipe) is told this machine's memory, link and speed; other runs are not.
Each client computes on one core: start several, each with its own --state, to lend more.

Examples:
  tutti join http://192.168.1.20:8080
  tutti join "http://192.168.1.20:8080/#token=a-code-word"
  tutti join https://classroom.local:8080 --ca certificate.pem
  tutti join http://localhost:8080 --data mine.csv --state ~/second-client
  tutti join http://192.168.1.20:8080 --delete`,
    )
    .action(async (url: string, flags: JoinFlags) => (await import("../join/join.ts")).join(url, flags));
}
