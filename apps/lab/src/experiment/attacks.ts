import { findTask } from "@tutti/data";
import { type AttackPlan, attackAxis, attackersAxis, noAttack, type Trigger } from "@tutti/record";
import type { WrittenAttack } from "../attacks/attackSchema.ts";
import { titleOf, wholeMethod, wholeTask } from "./entries.ts";
import type { Experiment } from "./experimentSchema.ts";
import type { Cell } from "./plannedRun.ts";

/** How the devices of some runs of a method behave, and the seeds of these runs. */
export interface AttackCase {
  /** Null where all are honest. */
  readonly plan: AttackPlan | null;
  readonly variant: Cell["variant"];
  readonly seeds: readonly number[];
}

/**
 * Every attack on a method, and no attack before them, with every seed that an attack has; entries that say the same but for seeds are one. None where
 * the experiment tries no attack.
 */
export function attackCases({ attacks, seeds }: Pick<Experiment, "attacks" | "seeds">, methodTitle: string): readonly AttackCase[] {
  const cases = new Map<string, AttackCase>();
  for (const attack of attacks) {
    if (attack.methods?.includes(methodTitle) === false) continue;
    for (const fraction of attack.fractions) {
      const plan = planOf(attack, fraction);
      const key = JSON.stringify([attack.name, plan]);
      const variant = { [attackAxis]: attack.name, [attackersAxis]: percent(fraction) };
      cases.set(key, { plan, variant, seeds: [...new Set([...(cases.get(key)?.seeds ?? []), ...(attack.seeds ?? seeds)])] });
    }
  }
  if (cases.size === 0) return [];
  const all = [...cases.values()];
  const honest = { [attackAxis]: noAttack, [attackersAxis]: percent(0) };
  return [{ plan: null, variant: honest, seeds: [...new Set(all.flatMap((one) => one.seeds))] }, ...all];
}

/** The trigger that all runs are tried with; null where no attack has one. */
export function triggerOf({ attacks }: Pick<Experiment, "attacks">): Trigger | null {
  const [trigger = null] = attacks.flatMap((attack) => (attack.kind === "backdoor" ? [attack.trigger] : []));
  return trigger;
}

/** What is wrong with an experiment's attacks; a line for each. */
export function attackFaults({ attacks, grid, methods, clients, fleets, settings, tasks }: Experiment): string[] {
  if (attacks.length === 0) return [];
  const titles = methods.map((method) => titleOf(wholeMethod(method)));
  const triggers = new Set(attacks.flatMap((attack) => (attack.kind === "backdoor" ? [JSON.stringify(attack.trigger)] : [])));
  const taken = [attackAxis, attackersAxis].filter((axis) => Object.hasOwn(grid, axis));
  return [
    ...taken.map((axis) => `grid.${axis}: attacks are an axis of that name already; give this one another`),
    ...(clients === "node" ? [] : ["attacks: are made by clients in Node processes; add clients: node"]),
    ...(Object.keys(fleets).length === 0 ? [] : ["attacks: found fleets too; compare attacks in a file without fleets"]),
    ...(settings.roster === "open"
      ? ["attacks: settings.roster is open, expected fixed: attackers are devices that the run deals shares to"]
      : []),
    ...tasks
      .map((task) => wholeTask(task).name)
      .flatMap((task) => (hasNoClasses(task) ? [`attacks: ${task} has no classes, expected a classification task`] : [])),
    ...(triggers.size > 1 ? ["attacks: found several triggers, expected one, with which every run is tried"] : []),
    ...attacks.flatMap((attack, at) =>
      strangeMethods(attack, titles).map(
        (title) => `attacks.${at}.methods: found ${title}, expected titles of the file's methods: ${titles.join(", ")}`,
      ),
    ),
  ];
}

/** A task that nobody knows is told elsewhere. */
function hasNoClasses(name: string): boolean {
  try {
    return findTask(name).kind !== "classification";
  } catch {
    return false;
  }
}

function strangeMethods({ methods = [] }: WrittenAttack, titles: readonly string[]): string[] {
  return methods.filter((title) => !titles.includes(title));
}

function planOf({ name: _, fractions: __, methods: ___, seeds: ____, attackSeed, ...attack }: WrittenAttack, fraction: number): AttackPlan {
  return { ...attack, fraction, seed: attackSeed };
}

const percent = (fraction: number) => `${Math.round(100 * fraction)} %`;
