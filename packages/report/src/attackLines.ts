import { type AttackCell, type AttackLine, type AttackTable, isTolerated, noAttack, type RunRecord } from "@tutti/record";
import { attackText, bestRuleText, intervalText, lostText, pointsText, triggeredText } from "./sentences/attacks.ts";
import { percentText, scoreText } from "./text.ts";

/** Accuracies: a line for each attack, a cell for each method, those with more than one seed with their deviation. */
export function accuracyLines({ lines }: AttackTable): string[][] {
  return lines.map(({ attack, attackers, cells }) => [attack, attackers, ...cells.map(accuracyText)]);
}

function accuracyText(cell: AttackCell | null): string {
  if (cell === null) return "–";
  const { score, difference } = cell;
  return difference === null ? scoreText(score.mean) : `${scoreText(score.mean)} (${pointsText(difference.difference)})`;
}

/** How often the trigger works without attack and under backdoors; empty where none was tried. */
export function triggeredLines({ lines }: AttackTable, backdoors: ReadonlySet<string>): string[][] {
  return lines
    .filter(
      ({ attack, cells }) =>
        (attack === noAttack || backdoors.has(attack)) && cells.some((cell) => cell !== null && cell.triggered !== null),
    )
    .map(({ attack, attackers, cells }) => [
      attack,
      attackers,
      ...cells.map((cell) => (cell === null || cell.triggered === null ? "–" : percentText(cell.triggered))),
    ]);
}

/** The best rule under each attack. */
export function bestRuleLines({ lines }: AttackTable): string[][] {
  return lines.flatMap(({ attack, attackers, best }) => {
    if (best === null || best.difference === null) return [];
    const { row, score, difference } = best;
    const cells = [scoreText(score.mean), pointsText(difference.difference), intervalText(difference), String(score.count)];
    return [[attack, attackers, row.label, ...cells, isTolerated(difference) ? "yes" : "no"]];
  });
}

/** What attackers did and which devices they were, once for each attack and share. */
export function attackPlanLines(runs: readonly RunRecord[]): string[][] {
  const lines = runs.flatMap(({ attack, variant }) =>
    attack === undefined
      ? []
      : [
          [
            String(variant.attack ?? attack.plan.kind),
            percentText(attack.plan.fraction),
            attackText(attack.plan),
            attack.attackers.join(", "),
          ],
        ],
  );
  return [...new Map(lines.map((line) => [line.join("|"), line])).values()];
}

/** Attacks that try a trigger, by what the experiment calls them. */
export function backdoorsIn(runs: readonly RunRecord[]): ReadonlySet<string> {
  return new Set(runs.flatMap(({ attack, variant }) => (attack?.plan.kind === "backdoor" ? [String(variant.attack)] : [])));
}

/** A sentence for the best rule under each attack. */
export function attackFindings(tables: readonly AttackTable[]): string[] {
  return tables.flatMap(({ lines }) => lines.flatMap((line) => (line.best === null ? [] : [bestRuleText(line, line.best)])));
}

/** A trigger that works this much more often than without attack has made a backdoor. */
const leastBackdoor = 0.05;

/** Lines whose best rule loses more than is tolerated, and backdoors in spite of it. */
export function attackShortfalls(tables: readonly AttackTable[], backdoors: ReadonlySet<string>): string[] {
  return tables.flatMap(({ lines }) =>
    lines.flatMap((line) => {
      const { best } = line;
      if (best === null || best.difference === null) return [];
      const lost = isTolerated(best.difference) ? [] : [lostText(line, best)];
      return [...lost, ...(backdoors.has(line.attack) ? backdoorsLeft(lines, line, best) : [])];
    }),
  );
}

function backdoorsLeft(lines: readonly AttackLine[], line: AttackLine, best: AttackCell): string[] {
  const honest = lines.find(({ attack }) => attack === noAttack)?.cells.find((cell) => cell?.row.key === best.row.key)?.triggered ?? 0;
  if ((best.triggered ?? 0) - honest <= leastBackdoor) return [];
  const least = line.cells.reduce<AttackCell>(
    (a, cell) => (cell !== null && cell.triggered !== null && cell.triggered < (a.triggered ?? 1) ? cell : a),
    best,
  );
  return [triggeredText(line, best, honest, least)];
}
