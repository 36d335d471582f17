/** The parts of a weight's difference P diag(e) Q, by their parameters' names. */
export interface SvdTriplet {
  /** (out, rank). */
  readonly p: string;
  /** (rank). */
  readonly e: string;
  /** (rank, in). */
  readonly q: string;
}

const prefix = "svdLora/";

/** Whether a parameter is a part of an SVD-form difference. */
export function isSvdName(name: string): boolean {
  return name.startsWith(prefix);
}

/** The names of what is trained, as a `TunedShape` has them. */
interface TrainedNames {
  readonly layerNames: readonly (readonly string[])[];
  readonly alwaysShared: readonly string[];
}

/** The parts that belong together, in the order of what is trained. */
export function svdTriplets({ layerNames, alwaysShared }: TrainedNames): SvdTriplet[] {
  return [...layerNames.flat(), ...alwaysShared]
    .filter((name) => isSvdName(name) && name.endsWith("/e"))
    .map((e) => tripletOf(e.slice(0, -2)));
}

/** The parts of a matrix's difference, which is called `svdLora/<layer>/<matrix>`. */
export function tripletOf(name: string): SvdTriplet {
  return { p: `${name}/p`, e: `${name}/e`, q: `${name}/q` };
}
