import { branchFaults, type RunSettings, type Strategy, settingChanges } from "@tutti/core";
import { parametersSha256 } from "@tutti/protocol";
import { ConfigError, type CoordinatorConfig } from "../config.ts";
import { type JournalledRun, readRun } from "../journal/readRun.ts";
import { readKeptRound } from "./keptRounds.ts";
import type { StartFrom, StartingPoint } from "./startingPoint.ts";

type Branch = Exclude<StartFrom, string>;

/** Another run of the same folder after one of its rounds; throws a ConfigError with a line for each reason why this run cannot go on from there. */
export async function readBranchPoint(
  { dataDir, run }: Pick<CoordinatorConfig, "dataDir" | "run">,
  branch: Branch,
  strategy: Strategy,
): Promise<StartingPoint> {
  const earlier = await readRun(dataDir, branch.run);
  const faults = branchFaults(earlier.run, run, branch.round);
  if (faults.length > 0) throw new ConfigError(refusal(branch, faults));
  const { rounds, state } = await readKeptRound(earlier.folder, branch.round);
  if (state === null) throw new ConfigError(notKept(earlier, branch.round, rounds));
  requireBranching(strategy, () => strategy.branch?.(state, run, branch.round), branch);
  return {
    startFrom: branch,
    origin: {
      kind: "branch",
      runId: branch.run,
      round: branch.round,
      changes: changesOf(earlier.run, run),
      sha256: parametersSha256(strategy.newcomerParams(state)),
    },
    content: { kind: "state", state, round: branch.round },
  };
}

function requireBranching({ branch: ofState }: Strategy, attempt: () => unknown, branch: Branch): void {
  if (ofState === undefined) throw new ConfigError(refusal(branch, ["its strategy cannot go on under other settings"]));
  try {
    attempt();
  } catch (cause) {
    throw new ConfigError(refusal(branch, [cause instanceof Error ? cause.message : String(cause)]), { cause });
  }
}

function refusal({ run, round }: Branch, faults: readonly string[]): string {
  return `run ${run} cannot be branched at round ${round}:\n${faults.map((fault) => `  ${fault}`).join("\n")}`;
}

function notKept({ runId, summary, steps }: JournalledRun, round: number, rounds: readonly number[]): string {
  const latest = steps.findLast(({ stage }) => stage === "train")?.round ?? 0;
  const instead = `\`--start-from ${runId}\` starts a run from its latest prompts`;
  if (rounds.length === 0) {
    return latest === 0 && summary?.isDone !== true
      ? `run ${runId} cannot be branched yet: no training round is over`
      : `run ${runId} cannot be branched: it keeps no round (keepRoundsBytes is 0, or an earlier version ran it); ${instead}`;
  }
  return `run ${runId} cannot be branched at round ${round}: it keeps the training rounds ${roundsText(rounds)}; give one of those, or ${instead}`;
}

/** Such as `1 to 12`, or `4, 8, 12, 15`. */
export function roundsText(rounds: readonly number[]): string {
  const [first, last] = [rounds[0] ?? 0, rounds.at(-1) ?? 0];
  return rounds.length > 2 && last - first === rounds.length - 1 ? `${first} to ${last}` : rounds.join(", ");
}

function changesOf(before: RunSettings, after: RunSettings) {
  const text = (value: unknown) => JSON.stringify(value) ?? "null";
  return settingChanges(before, after).map((change) => ({
    path: change.path,
    before: text(change.before),
    after: text(change.after),
  }));
}
