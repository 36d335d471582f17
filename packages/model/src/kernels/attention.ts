import * as tf from "@tensorflow/tfjs-core";
import type { Attended, AttentionGradient, AttentionShape, Visibility } from "./attentionShape.ts";
import { hasFused, runFused } from "./fusedKernels.ts";
import { plainAttend, plainAttendGradient } from "./plainAttention.ts";

/**
 * softmax(q [P; k]ᵀ) [V_P; v] per head. `qkv` (B·T, H + 2W) holds queries, already divided by √headSize, then keys, then values;
 * `seen` is what `visibility` made.
 */
export function attend(
  qkv: tf.Tensor2D,
  prefix: tf.Tensor3D | null,
  seen: Visibility,
  { shape, hasGradient }: { readonly shape: AttentionShape; readonly hasGradient: boolean },
): Attended {
  if (!isFused(shape)) return plainAttend(qkv, prefix, seen.mask, shape);
  const inputs = { qkv, ...(prefix === null ? {} : { prefix }), ...lengthsOf(seen) };
  const [y, weights] = runFused("TuttiAttend", inputs, { ...attributesOf(shape), hasTail: hasGradient });
  return { y: y as tf.Tensor2D, qkv, weights: weights ?? null, prefix };
}

/** Gradients of `attend`; without `hasInputGradient` only the prefix's, as the lowest layer of a pass with prefixes needs. */
export function attendGradient(
  dy: tf.Tensor2D,
  attended: Attended,
  seen: Visibility,
  { shape, hasInputGradient }: { readonly shape: AttentionShape; readonly hasInputGradient: boolean },
): AttentionGradient {
  const { y, qkv, prefix, weights } = attended;
  if (prefix === null && !hasInputGradient) return { dPrefix: null, dQkv: null };
  if (!isFused(shape)) return plainAttendGradient(dy, attended, shape, hasInputGradient);
  const read = weights === null ? { attended: y, ...lengthsOf(seen) } : { weights };
  const inputs = { dy, qkv, ...(prefix === null ? {} : { prefix }), ...read };
  const results = runFused("TuttiAttendGradient", inputs, { ...attributesOf(shape), hasInputGradient });
  const [dPrefix, dQkv] = prefix === null ? [null, ...results] : results;
  return { dPrefix: dPrefix as tf.Tensor3D | null, dQkv: hasInputGradient ? (dQkv as tf.Tensor2D) : null };
}

/** Whether the current backend computes this attention in one kernel, which then needs no mask. */
function isFused({ headSize }: AttentionShape): boolean {
  return hasFused("TuttiAttend") && (tf.getBackend() === "webgpu" || headSize % 8 === 0);
}

function attributesOf({ lengths, ...shape }: AttentionShape) {
  return { ...shape, lengths: [...lengths] };
}

function lengthsOf({ lengths }: Visibility) {
  return lengths === null ? {} : { lengths };
}

/** Which keys each query sees, as the attention that will run here wants to be told; once for all layers of a pass. */
export function visibility(shape: AttentionShape, numPrefix: number): Visibility {
  if (!isFused(shape)) return { mask: attentionMask(shape, numPrefix), lengths: null };
  return { mask: null, lengths: tf.getBackend() === "webgpu" ? tf.tensor1d([...shape.lengths], "int32") : null };
}

/** 0 where a query sees a key and a large negative number elsewhere: (B, 1, 1 or T, P + T). Null when every query sees every key. */
export function attentionMask({ numTokens, lengths, isCausal }: AttentionShape, numPrefix: number): tf.Tensor4D | null {
  if (!isCausal && lengths.every((length) => length === numTokens)) return null;
  const numQueries = isCausal ? numTokens : 1;
  const numKeys = numPrefix + numTokens;
  const mask = new Float32Array(lengths.length * numQueries * numKeys);
  let at = 0;
  for (const length of lengths) {
    for (let query = 0; query < numQueries; query++) {
      const seen = numPrefix + (isCausal ? Math.min(length, query + 1) : length);
      mask.fill(-1e9, at + seen, at + numKeys);
      at += numKeys;
    }
  }
  return tf.tensor4d(mask, [lengths.length, 1, numQueries, numKeys]);
}
