/**
 * Φ(x), the standard normal distribution function, by Marsaglia's series: ½ + φ(x) (x + x³/3 + x⁵/(3·5) + …). Exact to about 1e-15 for |x| below 7,
 * and 0 or 1 beyond, where the rest is smaller than that.
 */
export function normalCdf(x: number): number {
  if (x < -7) return 0;
  if (x > 7) return 1;
  let sum = x;
  let term = x;
  for (let i = 3; sum !== sum + term; i += 2) {
    term *= (x * x) / i;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-(x * x) / 2 - 0.5 * Math.log(2 * Math.PI));
}

/** The x with Φ(x) = p, within ±7, by halving. */
export function normalQuantile(p: number): number {
  let low = -7;
  let high = 7;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
