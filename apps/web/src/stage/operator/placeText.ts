import type { LiveStatus } from "@tutti/protocol";
import { words } from "../../words/words.ts";

/** Where a run is, in pieces; none before its first round. */
export function placeOf({ stage, round, numRounds }: Pick<LiveStatus, "stage" | "round" | "numRounds">, isEndless: boolean): string[] {
  if (stage === null || round === 0) return [];
  const name = words.stageNames[stage];
  return isEndless && stage === "train" ? [name, words.stage.roundSoFar(round)] : [words.operator.at(name, round, numRounds)];
}
