/**
 * The scalars as they count: no device's are longer, all steps together, than three quarters of the devices say theirs are. Perturbations hardly overlap, so that length
 * is how far a device moves the parameters, and the worst of a quarter of the devices move them no further than others do.
 */
export function withinOthers(claims: readonly Float32Array[]): readonly Float32Array[] {
  const lengths = claims.map((values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0)));
  const sorted = [...lengths].sort((a, b) => a - b);
  const most = sorted[Math.max(1, Math.floor(0.75 * sorted.length)) - 1];
  return claims.map((values, k) => (lengths[k] <= most ? values : values.map((value) => (value * most) / lengths[k])));
}
