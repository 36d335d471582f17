type Call = (...parameters: number[]) => void;

/** The exported functions of our program, in the order by which threads name them. */
export const functionNames = [
  "product",
  "productAdded",
  "productBiased",
  "productPlus",
  "productBiasedPlus",
  "productTimes",
  "transpose",
  "copy",
  "softmax",
  "softmaxGradient",
  "layerNorm",
  "rmsNorm",
  "layerNormGradient",
  "rmsNormGradient",
  "gelu",
  "geluWithGradient",
  "geluTanh",
  "geluTanhWithGradient",
  "silu",
  "siluWithGradient",
  "scaledSum",
  "scale",
  "panels",
  "turnFours",
  "columnSums",
  "columnProducts",
  "adamW",
  "dropOut",
  "moveSigns",
] as const;

/** The compiled functions; their parameters are described where they are defined, addresses and strides in bytes. */
export type WasmProgram = Readonly<Record<(typeof functionNames)[number], Call>>;
