import { resolve } from "node:path";
import { Command } from "commander";
import { addBackbone } from "./commands/backbone.ts";
import { addClass } from "./commands/class.ts";
import { addCompute } from "./commands/compute.ts";
import { addDataCommand } from "./commands/data.ts";
import { addDemo } from "./commands/demo.ts";
import { addHelpers } from "./commands/helperDevices.ts";
import { addJoin } from "./commands/join.ts";
import { addLab } from "./commands/lab.ts";
import { addPredict } from "./commands/predict.ts";
import { addPrompt } from "./commands/prompt.ts";
import { addReceipt } from "./commands/receipt.ts";
import { addRun } from "./commands/run.ts";
import { addServe } from "./commands/serve.ts";
import { addWatch } from "./commands/watch.ts";
import { exitCodesHelp } from "./exitCodes.ts";

/** The whole command line, with more commands where they are given; throws a CommanderError instead of ending the process. */
export function createProgram(more: readonly ((program: Command) => void)[] = []): Command {
  const program = new Command("tutti")
    .description(
      "Fine-tunes a language model together, in browser tabs: federated prompt tuning with FedPepTAO. A device is one set of private examples with its own prompts; a tab trains one or more.",
    )
    .version("0.1.0")
    .option("--verbose", "show the stack when something fails")
    .option("--journal-key <file>", "the key that runs' journals and states are encrypted with: a file outside their folders")
    .hook("preAction", (root) => {
      const { journalKey } = root.opts<{ journalKey?: string }>();
      if (journalKey !== undefined) process.env.TUTTI_JOURNAL_KEY_FILE = resolve(journalKey); // for this process and those that it starts
    })
    .exitOverride()
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true })
    .showHelpAfterError("(add --help to see how it is used)")
    .addHelpText(
      "after",
      `
Examples:
  tutti demo                            a whole federated run on this machine, with a report
  tutti class                           a lesson: a link, a QR code and three words for a room of phones
  tutti serve                           a coordinator; open the link it prints in as many tabs as you like
  tutti run start experiment.yaml       the same, with the settings of a file
  tutti join http://192.168.1.20:8080   a client without a browser for a coordinator on another machine
  tutti watch http://192.168.1.20:8080  its figures in this terminal
  tutti lab run smoke                   an experiment: runs that are compared in one report
  tutti predict --prompts runs/<id>/prompts.safetensors "The parcel came two days late"

${exitCodesHelp}`,
    );
  for (const add of [
    addDemo,
    addClass,
    addHelpers,
    addServe,
    addJoin,
    addWatch,
    addCompute,
    addRun,
    addLab,
    addDataCommand,
    addBackbone,
    addPrompt,
    addPredict,
    addReceipt,
    ...more,
  ])
    add(program);
  inheritExitOverride(program);
  return program;
}

function inheritExitOverride(command: Command): void {
  for (const child of command.commands) {
    child.exitOverride();
    inheritExitOverride(child);
  }
}
