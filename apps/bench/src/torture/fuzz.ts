import { createRandom } from "@tutti/core";
import { CodecError, decodeParams, encodeParams } from "@tutti/protocol";
import { type BenchRow, row } from "../rows.ts";
import type { TorturePlace } from "./part.ts";

/** Hostile input: messages of tensors with changed bytes are decoded or refused with a rule. */
export async function tortureFuzz({ seed, signal }: TorturePlace): Promise<readonly BenchRow[]> {
  const random = createRandom(seed).stream({ purpose: "fuzz" });
  const whole = encodeParams({ "prefix/3": { shape: [2, 3], data: new Float32Array([1, 2, 3, 5, 7, 11]) } }, "f32");
  let numFaults = 0;
  for (let i = 0; i < 10_000 && !signal.aborted; i++) {
    const bytes = whole.slice();
    bytes[random.integer(bytes.length)] = random.integer(256);
    try {
      decodeParams(bytes);
    } catch (error) {
      if (!(error instanceof CodecError)) numFaults++;
    }
  }
  return [row("changed messages of tensors that are not answered with a rule", numFaults, "", { atMost: 0 })];
}
