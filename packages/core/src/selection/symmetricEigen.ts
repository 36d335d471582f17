/** The eigenvalues and eigenvectors of a symmetric matrix. */
export interface SymmetricEigen {
  /** Ascending. */
  readonly values: Float64Array;
  /** (n, n), row-major: column j is the unit eigenvector of `values[j]`, its sign arbitrary. */
  readonly vectors: Float64Array;
}

const MAX_SWEEPS = 60;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix (n, n), row-major, in float64 by cyclic Jacobi rotations
 * (Golub and Van Loan, Matrix Computations, §8.5): accurate to rounding for the small matrices of layer selection, n up to about 100.
 */
export function symmetricEigen(matrix: ArrayLike<number>, n: number): SymmetricEigen {
  if (matrix.length !== n * n) throw new Error(`symmetricEigen: ${n} × ${n} needs ${n * n} values, received ${matrix.length}`);
  const a = Float64Array.from(matrix);
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  const size = Math.sqrt(a.reduce((sum, value) => sum + value * value, 0));
  if (!Number.isFinite(size)) throw new Error("symmetricEigen: the matrix holds a value that is not finite");
  const negligible = 1e-18 * size;
  let hasConverged = false;
  for (let sweep = 0; sweep < MAX_SWEEPS && !hasConverged; sweep++) hasConverged = !rotateAll(a, vectors, n, negligible);
  if (!hasConverged) throw new Error(`symmetricEigen: no convergence in ${MAX_SWEEPS} sweeps`);
  return sorted(a, vectors, n);
}

/** One sweep over all pairs above the diagonal; whether any was rotated. */
function rotateAll(a: Float64Array, vectors: Float64Array, n: number, negligible: number): boolean {
  let hasRotated = false;
  for (let p = 0; p < n - 1; p++) {
    for (let q = p + 1; q < n; q++) {
      if (Math.abs(a[p * n + q]) <= negligible) continue;
      rotate(a, vectors, n, p, q);
      hasRotated = true;
    }
  }
  return hasRotated;
}

/** Makes a[p, q] zero by the smaller of the two rotations that do. */
function rotate(a: Float64Array, vectors: Float64Array, n: number, p: number, q: number): void {
  const theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
  const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cosine = 1 / Math.sqrt(tangent * tangent + 1);
  const sine = tangent * cosine;
  for (let i = 0; i < n; i++) {
    turn(a, i * n + p, i * n + q, cosine, sine);
    turn(vectors, i * n + p, i * n + q, cosine, sine);
  }
  for (let i = 0; i < n; i++) turn(a, p * n + i, q * n + i, cosine, sine);
  a[p * n + q] = 0;
  a[q * n + p] = 0;
}

function turn(values: Float64Array, first: number, second: number, cosine: number, sine: number): void {
  const x = values[first];
  const y = values[second];
  values[first] = cosine * x - sine * y;
  values[second] = sine * x + cosine * y;
}

function sorted(a: Float64Array, vectors: Float64Array, n: number): SymmetricEigen {
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[i * n + i] - a[j * n + j]);
  const sortedVectors = new Float64Array(n * n);
  for (let row = 0; row < n; row++) {
    for (let j = 0; j < n; j++) sortedVectors[row * n + j] = vectors[row * n + order[j]];
  }
  return { values: Float64Array.from(order, (i) => a[i * n + i]), vectors: sortedVectors };
}
