import type { Command } from "commander";
import { UsageError } from "../exitCodes.ts";
import { wholeNumber } from "../parseOptions.ts";
import { type ServeFlags, serveRun, withPlaceOptions } from "./serve.ts";

interface BranchFlags extends ServeFlags {
  readonly round: number;
  readonly set?: readonly string[];
}

/** `tutti run branch`: another run that goes on from one after a round, with other settings. */
export function addBranch(run: Command): void {
  withPlaceOptions(run.command("branch").argument("<run>", "the id of the run to leave"))
    .description("serve a new run that goes on from a run after one of its training rounds, with other settings, until it is over")
    .requiredOption("--round <number>", "the training round after which it goes on", wholeNumber(1))
    .option(
      "--set <path=value>",
      "a setting of the run with another value, in YAML; again for each",
      (change: string, before: readonly string[] = []) => [...before, change],
    )
    .addHelpText(
      "after",
      `
A run keeps its state after every training round, and with time after every second, fourth, … (keepRoundsBytes in a settings file: 200 MB).
A branch keeps the task, the backbone, the tuning method and the strategy. Its devices start from the parameters of a newcomer.

Examples:
  tutti run branch feedback-topic-seed42-c22859e1 --round 12 --set training.clientLearningRate=0.01
  tutti run branch feedback-topic-seed42-c22859e1 --round 30 --set numRounds=60 --set strategy.serverMomentum=0.5 --run longer`,
    )
    .action(branch);
}

/** The same command again goes on with the branch. */
async function branch(runId: string, { round, set = [], ...flags }: BranchFlags): Promise<void> {
  const { branchSettings, readRun } = await import("@tutti/server");
  const { run } = await readRun(flags.out ?? "runs", runId);
  if (round >= run.numRounds && !set.some((change) => change.startsWith("numRounds="))) {
    throw new UsageError(`run ${runId} has ${run.numRounds} rounds: to go on after round ${round}, give more with --set numRounds=…`);
  }
  const settings = branchSettings(run, set, round);
  await serveRun({ flags, isOver: "whenDone", branch: { settings, startFrom: { run: runId, round } } });
}
