export type { BenchName } from "./names.ts";
export { type BenchOutput, printKeptRows, runBenches } from "./runBenches.ts";
