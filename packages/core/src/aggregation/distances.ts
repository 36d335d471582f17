/** Euclidean norm of each vector, in float64. */
export function normsOf(vectors: readonly Float32Array[]): number[] {
  return vectors.map((vector) => {
    let sum = 0;
    for (let i = 0; i < vector.length; i++) sum += vector[i] * vector[i];
    return Math.sqrt(sum);
  });
}

/** ‖x_i − centre‖ of each vector, in float64. */
export function distancesTo(centre: Float64Array, vectors: readonly Float32Array[]): Float64Array {
  return Float64Array.from(vectors, (vector) => {
    let sum = 0;
    for (let i = 0; i < vector.length; i++) {
      const difference = vector[i] - centre[i];
      sum += difference * difference;
    }
    return Math.sqrt(sum);
  });
}

/** Columns of one block: n blocks of this many float64 stay in a processor's second cache for a few hundred vectors. */
const blockLength = 512;

/**
 * ‖x_i − x_j‖² of all pairs, (n, n) row-major. By way of the Gram matrix, block by block of the columns and four by four of the vectors, so that each
 * value that is read counts in four products; the vectors' mean is taken off first, without which distances of updates that lie close together would
 * be lost in their rounding.
 */
export function squaredDistances(vectors: readonly Float32Array[]): Float64Array {
  const n = vectors.length;
  const padded = Math.ceil(n / 4) * 4;
  const gram = new Float64Array(padded * padded);
  const length = vectors[0]?.length ?? 0;
  const block = new Float64Array(padded * blockLength);
  for (let from = 0; from < length; from += blockLength) {
    const width = Math.min(blockLength, length - from);
    centredBlock(vectors, { from, width, block });
    for (let i = 0; i < padded; i += 4) for (let j = i; j < padded; j += 4) addTile(gram, padded, { block, width, i, j });
  }
  const squares = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const square = Math.max(0, gram[i * padded + i] + gram[j * padded + j] - 2 * gram[i * padded + j]);
      squares[i * n + j] = square;
      squares[j * n + i] = square;
    }
  }
  return squares;
}

interface Block {
  readonly from: number;
  readonly width: number;
  /** (n, width). */
  readonly block: Float64Array;
}

/** Columns of all vectors less their mean. */
function centredBlock(vectors: readonly Float32Array[], { from, width, block }: Block): void {
  const mean = new Float64Array(width);
  for (const vector of vectors) for (let k = 0; k < width; k++) mean[k] += vector[from + k];
  for (let k = 0; k < width; k++) mean[k] /= vectors.length;
  for (let i = 0; i < vectors.length; i++) {
    const vector = vectors[i];
    const start = i * width;
    for (let k = 0; k < width; k++) block[start + k] = vector[from + k] - mean[k];
  }
}

interface Tile {
  readonly block: Float64Array;
  readonly width: number;
  readonly i: number;
  readonly j: number;
}

/** Sixteen entries of the Gram matrix, kept in registers over the block's columns. */
function addTile(gram: Float64Array, n: number, { block, width, i, j }: Tile): void {
  let [a0, a1, a2, a3] = [0, 0, 0, 0];
  let [b0, b1, b2, b3] = [0, 0, 0, 0];
  let [c0, c1, c2, c3] = [0, 0, 0, 0];
  let [d0, d1, d2, d3] = [0, 0, 0, 0];
  const [x, y] = [i * width, j * width];
  for (let k = 0; k < width; k++) {
    const [x0, x1, x2, x3] = [block[x + k], block[x + width + k], block[x + 2 * width + k], block[x + 3 * width + k]];
    const [y0, y1, y2, y3] = [block[y + k], block[y + width + k], block[y + 2 * width + k], block[y + 3 * width + k]];
    a0 += x0 * y0;
    a1 += x0 * y1;
    a2 += x0 * y2;
    a3 += x0 * y3;
    b0 += x1 * y0;
    b1 += x1 * y1;
    b2 += x1 * y2;
    b3 += x1 * y3;
    c0 += x2 * y0;
    c1 += x2 * y1;
    c2 += x2 * y2;
    c3 += x2 * y3;
    d0 += x3 * y0;
    d1 += x3 * y1;
    d2 += x3 * y2;
    d3 += x3 * y3;
  }
  const rows = [
    [a0, a1, a2, a3],
    [b0, b1, b2, b3],
    [c0, c1, c2, c3],
    [d0, d1, d2, d3],
  ];
  for (let row = 0; row < 4; row++) for (let column = 0; column < 4; column++) gram[(i + row) * n + j + column] += rows[row][column];
}
