import { sizeOf, type Tensor } from "@tutti/core";
import type { PackedBackbone } from "./packed.ts";
import { safetensorsHeader, tensorBytes } from "./safetensors.ts";
import { type TensorName, tensorNames, writtenNames } from "./tensorNames.ts";

/** A backbone as far as its checkpoint needs it. */
export type WritableBackbone = Pick<PackedBackbone, "config" | "tensor">;

/** A tensor of a checkpoint, with those of ours that lie in it. */
interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly parts: readonly TensorName[];
}

/** The bytes of model.safetensors in f32, under the names that transformers saves: the header, then a tensor at a time. */
export function* checkpointChunks(backbone: WritableBackbone): Generator<Uint8Array> {
  const stored = storedTensors(backbone).sort((a, b) => (a.name < b.name ? -1 : 1));
  yield safetensorsHeader(stored, { format: "pt" });
  for (const tensor of stored) yield tensorBytes(joined(tensor, backbone));
}

function storedTensors({ config }: WritableBackbone): StoredTensor[] {
  const stored = new Map<string, StoredTensor>();
  for (const part of tensorNames(config)) {
    for (const name of writtenNames(part, config)) {
      const parts = stored.get(name)?.parts ?? [];
      stored.set(name, { name, shape: part.sourceShape, parts: [...parts, part] });
    }
  }
  return [...stored.values()];
}

/** All parts at their places; the inverse of `takeRows`. */
function joined({ shape, parts }: StoredTensor, backbone: WritableBackbone): Float32Array {
  const [only] = parts;
  if (parts.length === 1 && !only.isTransposed) return backbone.tensor(only.name).data;
  const whole = new Float32Array(sizeOf(shape));
  for (const part of parts) place(backbone.tensor(part.name), part, whole);
  return whole;
}

function place({ shape, data }: Tensor, { isTransposed, firstOutput, sourceShape }: TensorName, whole: Float32Array): void {
  const [rows, inputs = 1] = shape;
  if (!isTransposed) {
    whole.set(data, firstOutput * inputs);
    return;
  }
  const fused = sourceShape[1];
  for (let row = 0; row < rows; row++) {
    for (let input = 0; input < inputs; input++) whole[input * fused + firstOutput + row] = data[row * inputs + input];
  }
}
