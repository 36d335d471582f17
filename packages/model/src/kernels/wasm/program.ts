import { assemble, type FunctionDefinition } from "./assembler.ts";
import { functionNames, type WasmProgram } from "./functions.ts";
import { activation } from "./pointwise.ts";
import { copy, product, transpose } from "./products.ts";
import { norm, normGradient, softmax, softmaxGradient } from "./rows.ts";
import { moveSigns } from "./signs.ts";
import { adamW, columnSums, dropOut, panels, scale, scaledSum, turnFours } from "./vectors.ts";

const definitions: readonly FunctionDefinition[] = [
  product("product", "zero"),
  product("productAdded", "sum"),
  product("productBiased", "bias"),
  product("productPlus", "zero", "plus"),
  product("productBiasedPlus", "bias", "plus"),
  product("productTimes", "zero", "times"),
  transpose,
  copy,
  softmax,
  softmaxGradient,
  norm("layerNorm", true),
  norm("rmsNorm", false),
  normGradient("layerNormGradient", true),
  normGradient("rmsNormGradient", false),
  ...(["gelu", "geluTanh", "silu"] as const).flatMap((kind) => [
    activation(kind, kind, false),
    activation(`${kind}WithGradient`, kind, true),
  ]),
  scaledSum,
  scale,
  panels,
  turnFours,
  columnSums("columnSums", false),
  columnSums("columnProducts", true),
  adamW,
  dropOut,
  moveSigns,
];

/** Our functions over a memory, with the module from which other threads make theirs. */
export interface CompiledProgram {
  readonly program: WasmProgram;
  readonly module: WebAssembly.Module;
}

/** Compiles the program over a memory; null where the engine has no vector instructions. */
export async function compileProgram(memory: WebAssembly.Memory): Promise<CompiledProgram | null> {
  const bytes = assemble(definitions, { isShared: isShared(memory) });
  if (!WebAssembly.validate(bytes)) return null;
  const { module, instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  const program = instance.exports as object as WasmProgram;
  for (const name of functionNames) if (typeof program[name] !== "function") throw new Error(`wasm program: ${name} is missing`);
  return { program, module };
}

/** Whether other threads can compute in this memory. */
export function isShared({ buffer }: WebAssembly.Memory): boolean {
  return typeof SharedArrayBuffer !== "undefined" && buffer instanceof SharedArrayBuffer;
}
