import { levelAxis, type NoisePlan, noiseAxis, noNoise } from "@tutti/record";
import type { WrittenNoise } from "../noise/noiseSchema.ts";
import { titleOf, wholeMethod } from "./entries.ts";
import type { Experiment } from "./experimentSchema.ts";
import type { Cell } from "./plannedRun.ts";

/** The noise that some runs of a method meet; null for none. */
export interface NoiseCase {
  readonly plan: NoisePlan | null;
  readonly variant: Cell["variant"];
}

/** No noise, and then every noise at every level, for a method; none where the experiment tries no noise. */
export function noiseCases({ noise }: Pick<Experiment, "noise">, methodTitle: string): readonly NoiseCase[] {
  const noisy = noise.flatMap(({ name, levels, methods, ...plan }: WrittenNoise): NoiseCase[] =>
    methods?.includes(methodTitle) === false
      ? []
      : levels.map((level) => ({ plan: { ...plan, level }, variant: { [noiseAxis]: name, [levelAxis]: level } })),
  );
  return noisy.length === 0 ? [] : [{ plan: null, variant: { [noiseAxis]: noNoise, [levelAxis]: 0 } }, ...noisy];
}

/** What is wrong with an experiment's noise; a line for each. */
export function noiseFaults({ noise, attacks, fleets, grid, methods, clients }: Experiment): string[] {
  if (noise.length === 0) return [];
  const titles = methods.map((method) => titleOf(wholeMethod(method)));
  const others = [...(attacks.length === 0 ? [] : ["attacks"]), ...(Object.keys(fleets).length === 0 ? [] : ["fleets"])];
  return [
    ...[noiseAxis, levelAxis]
      .filter((axis) => Object.hasOwn(grid, axis))
      .map((axis) => `grid.${axis}: noise is an axis of that name already; give this one another`),
    ...(clients === "node" ? [] : ["noise: is added by clients in Node processes; add clients: node"]),
    ...others.map((other) => `noise: found ${other} too; compare noise in a file without ${other}`),
    ...noise.flatMap(({ methods: given = [] }, at) =>
      given
        .filter((title) => !titles.includes(title))
        .map((title) => `noise.${at}.methods: found ${title}, expected titles of the file's methods: ${titles.join(", ")}`),
    ),
  ];
}
