/** How much of a covariance is kept: all of it, or its diagonal. */
export type CovarianceForm = "full" | "diagonal";

/**
 * A with C = A Aᵀ, for a covariance C of n coordinates. `full`: the lower triangle column by column, n (n + 1) / 2 values, each diagonal value above 0; `diagonal`:
 * the n roots of C's diagonal.
 */
export interface CovarianceFactor {
  readonly form: CovarianceForm;
  readonly size: number;
  readonly values: Float64Array;
}

/** Values of a factor. */
export function factorLength(form: CovarianceForm, size: number): number {
  return form === "diagonal" ? size : (size * (size + 1)) / 2;
}

/** The factor of C = I. */
export function identityFactor(form: CovarianceForm, size: number): CovarianceFactor {
  const values = new Float64Array(factorLength(form, size));
  if (form === "diagonal") values.fill(1);
  else for (let k = 0, at = 0; k < size; at += size - k, k++) values[at] = 1;
  return { form, size, values };
}

/** A x. */
export function timesFactor({ form, size, values }: CovarianceFactor, x: ArrayLike<number>): Float64Array {
  const out = new Float64Array(size);
  if (form === "diagonal") {
    for (let i = 0; i < size; i++) out[i] = values[i] * x[i];
    return out;
  }
  for (let k = 0, at = 0; k < size; k++) {
    const factor = x[k];
    for (let i = k; i < size; i++, at++) out[i] += values[at] * factor;
  }
  return out;
}

/** A⁻¹ y, by forward substitution. */
export function solveFactor({ form, size, values }: CovarianceFactor, y: ArrayLike<number>): Float64Array {
  const out = Float64Array.from(y);
  if (form === "diagonal") {
    for (let i = 0; i < size; i++) out[i] /= values[i];
    return out;
  }
  for (let k = 0, at = 0; k < size; k++) {
    const solved = out[k] / values[at++];
    out[k] = solved;
    for (let i = k + 1; i < size; i++, at++) out[i] -= values[at] * solved;
  }
  return out;
}

/** A part of a covariance: weight · v vᵀ, weight at least 0. */
export interface RankOneTerm {
  readonly weight: number;
  readonly vector: ArrayLike<number>;
}

/**
 * The factor of share · A Aᵀ + Σ weight v vᵀ, by one update of the triangle for each term, n² operations each and no decomposition (Krause, Arbonès, Igel: CMA-ES with
 * Optimal Covariance Update and Storage Complexity, NIPS 2016). It cannot lose positive definiteness.
 */
export function updatedFactor(factor: CovarianceFactor, share: number, terms: readonly RankOneTerm[]): CovarianceFactor {
  const root = Math.sqrt(share);
  const values = factor.values.map((value) => root * value);
  for (const { weight, vector } of terms) {
    if (weight === 0) continue;
    const scaled = Float64Array.from(vector, (value) => Math.sqrt(weight) * value);
    if (factor.form === "diagonal")
      for (let i = 0; i < values.length; i++) values[i] = Math.sqrt(values[i] * values[i] + scaled[i] * scaled[i]);
    else addToTriangle(values, scaled);
  }
  return { ...factor, values };
}

/** A Aᵀ + x xᵀ in A's place; `x` is used up. */
function addToTriangle(values: Float64Array, x: Float64Array): void {
  const size = x.length;
  for (let k = 0, at = 0; k < size; k++) {
    const old = values[at];
    const diagonal = Math.sqrt(old * old + x[k] * x[k]);
    const cosine = diagonal / old;
    const sine = x[k] / old;
    values[at++] = diagonal;
    for (let i = k + 1; i < size; i++, at++) {
      values[at] = (values[at] + sine * x[i]) / cosine;
      x[i] = cosine * x[i] - sine * values[at];
    }
  }
}

/** C = A Aᵀ, (n, n) row-major. */
export function covarianceOf(factor: CovarianceFactor): Float64Array {
  const { size, form, values } = factor;
  const out = new Float64Array(size * size);
  if (form === "diagonal") {
    for (let i = 0; i < size; i++) out[i * size + i] = values[i] * values[i];
    return out;
  }
  for (let k = 0, start = 0; k < size; start += size - k, k++) {
    for (let i = k; i < size; i++) {
      for (let j = k; j < size; j++) out[i * size + j] += values[start + i - k] * values[start + j - k];
    }
  }
  return out;
}
