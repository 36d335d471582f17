import { norm, type Params } from "../params.ts";

/** min(1, clipNorm / (‖g‖ + 1e-6)), ‖g‖ over all tensors together; throws when ‖g‖ is not finite. */
export function clipFactor(gradients: Params, clipNorm: number): number {
  const size = norm(gradients);
  if (!Number.isFinite(size)) throw new Error(`gradient: norm ${size} is not finite; the learning rate may be too high`);
  return Math.min(1, clipNorm / (size + 1e-6));
}
