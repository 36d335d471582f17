import { type Params, type RandomStream, sortedNames } from "@tutti/core";
import type { NoisePlan } from "@tutti/record";

/**
 * Values that travel together, and the noise that they meet, drawn in the order of their names. `gaussian` adds N(0, (level · rms)²) to each value, rms being the
 * root mean square of all. `burst` hits a run of consecutive values alone, `burstFraction` of all from a drawn place on, and on from the first one after the last,
 * with the same power in all: N(0, (level · rms)² / burstFraction).
 */
export function noisyParams(params: Params, { kind, level, burstFraction = 1 }: NoisePlan, random: RandomStream): Params {
  const names = sortedNames(params);
  const numValues = names.reduce((sum, name) => sum + (params[name]?.data.length ?? 0), 0);
  if (numValues === 0) return params;
  const numHit = kind === "gaussian" ? numValues : Math.ceil(burstFraction * numValues);
  const first = kind === "gaussian" ? 0 : random.integer(numValues);
  const stdDev = level * rms(params, numValues) * Math.sqrt(numValues / numHit);
  let at = 0;
  return Object.fromEntries(
    names.flatMap((name) => {
      const tensor = params[name];
      if (tensor === undefined) return [];
      const data = tensor.data.map((value) => {
        const isHit = (at - first + numValues) % numValues < numHit;
        at += 1;
        return isHit ? value + stdDev * random.normal() : value;
      });
      return [[name, { shape: tensor.shape, data }]];
    }),
  );
}

function rms(params: Params, numValues: number): number {
  let squares = 0;
  for (const { data } of Object.values(params)) for (const value of data) squares += value * value;
  return Math.sqrt(squares / numValues);
}
