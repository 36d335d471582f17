/** A vector inside an array: `data[at]` and what follows. */
export interface Slice {
  readonly data: Float64Array;
  readonly at: number;
}

/** x · y over `size` values. Four sums run side by side, since one alone waits for its last addition. */
export function dot(x: Slice, y: Slice, size: number): number {
  const [a, b] = [x.data, y.data];
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let [i, j] = [x.at, y.at];
  const whole = x.at + (size - (size % 4));
  for (; i < whole; i += 4, j += 4) {
    s0 += a[i] * b[j];
    s1 += a[i + 1] * b[j + 1];
    s2 += a[i + 2] * b[j + 2];
    s3 += a[i + 3] * b[j + 3];
  }
  for (; i < x.at + size; i++, j++) s0 += a[i] * b[j];
  return s0 + s1 + (s2 + s3);
}

/** y ← y + factor · x over `size` values; four at a time, since the loop itself costs as much as its arithmetic. */
export function addScaled(y: Slice, x: Slice, factor: number, size: number): void {
  const [to, from] = [y.data, x.data];
  let [i, j] = [y.at, x.at];
  const whole = y.at + (size - (size % 4));
  for (; i < whole; i += 4, j += 4) {
    to[i] += factor * from[j];
    to[i + 1] += factor * from[j + 1];
    to[i + 2] += factor * from[j + 2];
    to[i + 3] += factor * from[j + 3];
  }
  for (const end = y.at + size; i < end; i++, j++) to[i] += factor * from[j];
}

/** x ← factor · x over `size` values. */
export function scaleBy(x: Slice, factor: number, size: number): void {
  for (let i = x.at; i < x.at + size; i++) x.data[i] *= factor;
}
