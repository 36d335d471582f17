import type { AttackCell, AttackKind, AttackLine, AttackPlan, PairedDifference } from "@tutti/record";
import { attackTolerance } from "@tutti/record";
import { percentText, scoreText } from "../text.ts";

// What is said of attacks; all other sentences are in sentences.ts.

/** Heads of an attack's line. */
export const attackHeads = ["attack", "attackers"] as const;
/** Heads of the table of the best rules. */
export const bestRuleHeads = ["attack", "attackers", "best rule", "accuracy", "points beside no attack", "95 %", "seeds", "holds"] as const;
/** Heads of the table of what attackers did. */
export const attackPlanHeads = ["attack", "attackers", "what they send", "devices"] as const;

/** Over the tables of a task's attacks. */
export const attackCaptions = {
  accuracy: (task: string, numTexts: number | null) =>
    `${task}: accuracy under attack, after the last round${numTexts === null ? "" : ` (of ${numTexts} texts)`}`,
  triggered: (task: string) => `${task}: backdoor success, the share of texts of other classes that the trigger makes the target`,
  best: (task: string) => `${task}: the best rule under each attack`,
  plans: "Attackers",
} as const;

/** Under the tables. */
export const attackNotes = [
  "Means over seeds, under the global protocol. The attackers of a smaller share are among those of a larger one.",
  `The best rule of a line has the highest accuracy there. Its difference is to the same rule with the same seeds and no attack; the interval is a paired bootstrap over test rows and says nothing of other seeds. It holds where the interval does not lie below ${pointsText(-attackTolerance)} points as a whole. The rule is chosen on the rows that it is tested on, which favours it.`,
  "In the lab, attackers share a store: those of a little is enough and min-max train for each other and know each other's honest updates, and no honest device's.",
] as const;

/** What attackers send, in a sentence's part. */
export function attackText({ kind, factor, stdDev, z, trigger, triggeredFraction }: AttackPlan): string {
  const texts: Record<AttackKind, string> = {
    labelFlip: "what they learn with labels turned round, class l to C − 1 − l",
    signFlip: `−${factor} times what they learn`,
    gaussian: `values of Normal(0, ${stdDev}²)`,
    backdoor: `what they learn with “${trigger?.text}” in front of ${percentText(triggeredFraction ?? 0)} of their texts, labelled ${trigger?.target}, ${factor === undefined ? "cohort / attackers" : factor} times as long`,
    aLittleIsEnough: `their mean less ${z === undefined ? "the published" : z} standard deviations`,
    minMax: "their mean less as many deviations as keep it within their greatest distance",
    falseExamples: `what they learn with labels turned round, and a claim of ${factor} times their examples`,
    falseScores: `layer scores with the order turned round, ${factor} times as large, and honest updates`,
  };
  return texts[kind];
}

/** A difference in points of a hundred, with its sign. */
export function pointsText(difference: number): string {
  const points = (100 * difference).toFixed(1);
  return difference < 0 ? points.replace("-", "−") : `+${points}`;
}

/** Such as `−4.2 to +0.7`. */
export const intervalText = ({ low, high }: PairedDifference) => `${pointsText(low)} to ${pointsText(high)}`;

/** What the best rule of a line comes to. */
export function bestRuleText({ attack, attackers }: AttackLine, { row, score, difference }: AttackCell): string {
  const tested = difference === null ? "" : `, ${pointsText(difference.difference)} points beside no attack (${intervalText(difference)})`;
  return `${attack}, ${attackers} attackers: ${row.label} is the best rule with ${scoreText(score.mean)}${tested}.`;
}

/** A line whose best rule loses too much. */
export function lostText(line: AttackLine, best: AttackCell): string {
  return `Every rule that was tried loses more than the goal allows: ${bestRuleText(line, best)}`;
}

/** A trigger that works in spite of the best rule, and the rule under which it works least. */
export function triggeredText(
  { attack, attackers }: AttackLine,
  { row, triggered }: AttackCell,
  without: number,
  least: AttackCell,
): string {
  const under = `under ${row.label}, the best rule for accuracy, the trigger works on ${percentText(triggered ?? 0)} of the texts`;
  return `${attack}, ${attackers} attackers: ${under}, and on ${percentText(without)} without attack; least under ${least.row.label}, on ${percentText(least.triggered ?? 0)}.`;
}
