import { type Encoding, maxMagnitude as largestOf, type Params, type Shapes, shapesOf, sizeOf, sortedNames } from "@tutti/core";
import { CodecError, type CodecLimits, decodeParams, readTensorEntries } from "./codec.ts";
import { limits } from "./limits.ts";
import { type Refusal, refuse } from "./rules.ts";

/** What a contribution's tensors must be. */
export interface ExpectedTensors {
  readonly shapes: Shapes;
  readonly encoding: Encoding;
  /** Largest magnitude that counts; 1e4 when absent. */
  readonly maxMagnitude?: number;
}

/** Which rules the tensors break: missing or unknown names (P-51), shapes (P-52), values above `maxMagnitude` or not finite (P-53). Empty when none. */
export function checkTensors(params: Params, expected: Shapes, maxMagnitude: number = limits.maxMagnitude): readonly Refusal[] {
  return [...checkShapes(shapesOf(params), expected), ...checkMagnitudes(params, maxMagnitude)];
}

/** Decodes a contribution's tensors, checking names, shapes and encoding before anything is allocated (P-50 to P-55). */
export function decodeExpected(bytes: Uint8Array | ArrayBuffer, expected: ExpectedTensors): Refusal | { readonly params: Params } {
  const sizes = Object.values(expected.shapes);
  const maximum: CodecLimits = { maxTensors: limits.maxTensors, maxFloats: limits.maxTensorFloats };
  try {
    const entries = readTensorEntries(bytes, maximum);
    const [wrong] = checkShapes(Object.fromEntries(entries.map((entry) => [entry.name, entry.shape])), expected.shapes);
    if (wrong !== undefined) return wrong;
    const other = entries.find((entry) => entry.encoding !== expected.encoding);
    if (other !== undefined) return refuse("P-54", `tensor ${other.name}: encoding ${other.encoding}, expected ${expected.encoding}`);
    const params = decodeParams(bytes, { maxTensors: sizes.length, maxFloats: sizes.reduce((sum, shape) => sum + sizeOf(shape), 0) });
    return checkMagnitudes(params, expected.maxMagnitude ?? limits.maxMagnitude)[0] ?? { params };
  } catch (cause) {
    if (cause instanceof CodecError) return refuse(cause.rule, cause.message);
    throw cause;
  }
}

function checkShapes(found: Shapes, expected: Shapes): Refusal[] {
  const missing = Object.keys(expected).filter((name) => !Object.hasOwn(found, name));
  const unknown = Object.keys(found).filter((name) => !Object.hasOwn(expected, name));
  const refusals = [
    ...missing.sort().map((name) => refuse("P-51", `tensor ${name}: is missing`)),
    ...unknown.sort().map((name) => refuse("P-51", `tensor ${name}: is not expected`)),
  ];
  for (const [name, shape] of Object.entries(found)) {
    const wanted = Object.hasOwn(expected, name) ? expected[name] : undefined;
    if (wanted === undefined || isSameShape(shape, wanted)) continue;
    refusals.push(refuse("P-52", `tensor ${name}: shape [${shape.join(",")}], expected [${wanted.join(",")}]`));
  }
  return refusals;
}

function checkMagnitudes(params: Params, maxMagnitude: number): Refusal[] {
  return sortedNames(params).flatMap((name) => {
    const tensor = params[name];
    if (tensor === undefined) return [];
    const largest = largestOf({ [name]: tensor });
    if (largest <= maxMagnitude) return [];
    return [refuse("P-53", `tensor ${name}: largest magnitude ${largest}, at most ${maxMagnitude} is allowed`)];
  });
}

function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
