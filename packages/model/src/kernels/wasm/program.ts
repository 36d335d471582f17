import { assemble, type FunctionDefinition } from "./assembler.ts";
import { activation } from "./pointwise.ts";
import { product, transpose } from "./products.ts";
import { norm, normGradient, softmax, softmaxGradient } from "./rows.ts";
import { adamW, columnSums, panels, scale, scaledSum, turnFours } from "./vectors.ts";

type Call = (...parameters: number[]) => void;

/** The compiled functions; their parameters are described where they are defined, addresses and strides in bytes. */
export interface WasmProgram {
  readonly product: Call;
  readonly productAdded: Call;
  readonly productBiased: Call;
  readonly transpose: Call;
  readonly softmax: Call;
  readonly softmaxGradient: Call;
  readonly layerNorm: Call;
  readonly rmsNorm: Call;
  readonly layerNormGradient: Call;
  readonly rmsNormGradient: Call;
  readonly gelu: Call;
  readonly geluWithGradient: Call;
  readonly geluTanh: Call;
  readonly geluTanhWithGradient: Call;
  readonly silu: Call;
  readonly siluWithGradient: Call;
  readonly scaledSum: Call;
  readonly scale: Call;
  readonly panels: Call;
  readonly turnFours: Call;
  readonly columnSums: Call;
  readonly columnProducts: Call;
  readonly adamW: Call;
}

const definitions: readonly FunctionDefinition[] = [
  product("product", "zero"),
  product("productAdded", "sum"),
  product("productBiased", "bias"),
  transpose,
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
];

/** Compiles the program over a memory; null where the engine has no vector instructions. */
export async function compileProgram(memory: WebAssembly.Memory): Promise<WasmProgram | null> {
  const isShared = typeof SharedArrayBuffer !== "undefined" && memory.buffer instanceof SharedArrayBuffer;
  const bytes = assemble(definitions, { isShared });
  if (!WebAssembly.validate(bytes)) return null;
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  const { exports } = instance;
  for (const { name } of definitions) if (typeof exports[name] !== "function") throw new Error(`wasm program: ${name} is missing`);
  return exports as object as WasmProgram;
}
