import { createTensor, nameOrderedBytes, type Params } from "../params.ts";
import { sha256HexSync } from "../sha256.ts";
import { type CovarianceForm, factorLength } from "./covarianceFactor.ts";
import type { SearchState } from "./search.ts";

/** A search as tensors in f32: what is stored and what travels. Exact for a state that is `inF32`. */
export function searchTensors({ mean, stepSize, factor, pathOfCovariance, pathOfStepSize, generation }: SearchState): Params {
  const vector = (values: ArrayLike<number>, name: string) => createTensor([values.length], Float32Array.from(values), name);
  return {
    covariancePath: vector(pathOfCovariance, "covariancePath"),
    factor: vector(factor.values, "factor"),
    mean: vector(mean, "mean"),
    stepPath: vector(pathOfStepSize, "stepPath"),
    steps: vector([stepSize, generation], "steps"),
  };
}

/** The inverse of `searchTensors`; throws where the tensors are not of such a search. */
export function searchOf(tensors: Params, size: number, form: CovarianceForm): SearchState {
  const read = (name: string, length: number): Float64Array => {
    const data = Object.hasOwn(tensors, name) ? tensors[name].data : null;
    if (data?.length !== length)
      throw new Error(`state of the search: ${name} needs ${length} values, found ${data === null ? "no such tensor" : data.length}`);
    return Float64Array.from(data);
  };
  const [stepSize, generation] = read("steps", 2);
  return {
    mean: read("mean", size),
    stepSize,
    factor: { form, size, values: read("factor", factorLength(form, size)) },
    pathOfCovariance: read("covariancePath", size),
    pathOfStepSize: read("stepPath", size),
    generation,
  };
}

/** The same search with every number rounded to f32, as server and devices go on with it: what is stored gives back the same bits. */
export function inF32(state: SearchState): SearchState {
  const { factor } = state;
  return searchOf(searchTensors(state), factor.size, factor.form);
}

/** The first 16 hexadecimal digits of the SHA-256 of a search's tensors, by which a device tells that its copy is the server's. */
export function searchDigest(state: SearchState): string {
  return sha256HexSync(nameOrderedBytes(searchTensors(state))).slice(0, 16);
}
