import type { AttentionShape } from "../../attentionShape.ts";
import { type AttendAddresses, type AttendGradientAddresses, attendGradientOnWasm, attendOnWasm } from "../attention.ts";
import { functionNames, type WasmProgram } from "../functions.ts";
import type { Job } from "./board.ts";

/** An argument of a call in parts: a number for all parts, one that grows with each unit before the part, or how many units the part has. */
export type PartArgument = number | { readonly from: number; readonly perUnit: number } | "count";

/** A call of one function over a range of units, such as rows. */
export interface RangeCall {
  readonly name: keyof WasmProgram;
  /** One of them is `count`. */
  readonly parameters: readonly PartArgument[];
  readonly numUnits: number;
  /** Of each part; the last may have fewer. */
  readonly unitsPerPart: number;
  /** Too little to be worth sharing. */
  readonly isSmall: boolean;
}

/** An attention as `attendOnWasm` takes it, or its gradient. */
export type AttentionCall = { readonly shape: AttentionShape; readonly numPrefix: number } & (
  | { readonly isGradient: false; readonly at: AttendAddresses }
  | { readonly isGradient: true; readonly at: AttendGradientAddresses }
);

const kinds = { range: 0, attend: 1, attendGradient: 2 } as const;
/** Attention with fewer products stays on one thread: about 20 µs. */
const fewestProducts = 250_000;
/** As many numbers lie before a job's parameters. */
const rangeHeader = 4;
const attentionHeader = 5;

/** The call as a job. */
export function rangeJob({ name, parameters, numUnits, unitsPerPart, isSmall }: RangeCall): Job {
  const numbers = [functionNames.indexOf(name), numUnits, unitsPerPart, parameters.indexOf("count")];
  for (const parameter of parameters) {
    if (typeof parameter === "object") numbers.push(parameter.from, parameter.perUnit);
    else numbers.push(parameter === "count" ? 0 : parameter, 0);
  }
  return { kind: kinds.range, numParts: Math.max(1, Math.ceil(numUnits / unitsPerPart)), numbers, isSmall };
}

const attendKeys = ["qkv", "prefix", "weights", "y", "scratch"] as const;
const gradientKeys = ["qkv", "prefix", "weights", "dy", "scratch", "dWeights", "dPrefix", "dQkv"] as const;

/** The attention as a job: a part for each head of keys, over all texts, so that a prefix's gradient is summed in one order. */
export function attentionJob({ shape, numPrefix, ...call }: AttentionCall): Job {
  const { numHeads, numKeyValueHeads, headSize, isCausal, lengths } = shape;
  const at = call.isGradient ? gradientKeys.map((key) => call.at[key] ?? -1) : attendKeys.map((key) => call.at[key]);
  const numbers = [numHeads, numKeyValueHeads, headSize, isCausal ? 1 : 0, numPrefix, ...at, ...lengths];
  const numProducts = lengths.reduce((sum, length) => sum + 2 * length * (numPrefix + length) * numHeads * headSize, 0);
  const isSmall = numProducts < fewestProducts;
  return { kind: call.isGradient ? kinds.attendGradient : kinds.attend, numParts: numKeyValueHeads, numbers, isSmall };
}

/** Does one part of a job as the thread with this number, the calling thread's being 0. */
export function runPart(program: WasmProgram, job: Job, part: number, thread: number): void {
  if (job.kind === kinds.range) runRange(program, job.numbers, part);
  else runAttention(program, job, { keyHead: part, thread });
}

function runAttention(program: WasmProgram, { kind, numbers }: Job, who: { readonly keyHead: number; readonly thread: number }): void {
  const [numHeads, numKeyValueHeads, headSize, causal, numPrefix] = Array.from({ length: attentionHeader }, (_, i) => numbers[i]);
  const keys = kind === kinds.attend ? attendKeys : gradientKeys;
  const at = Object.fromEntries(keys.map((key, i) => [key, numbers[attentionHeader + i]]));
  const lengths = Array.from(
    { length: numbers.length - attentionHeader - keys.length },
    (_, i) => numbers[attentionHeader + keys.length + i],
  );
  const shape = { numHeads, numKeyValueHeads, headSize, isCausal: causal === 1, lengths };
  const place = { ...who, numPrefix };
  if (kind === kinds.attend) attendOnWasm(program, at as object as AttendAddresses, shape, place);
  else attendGradientOnWasm(program, { ...(at as object as AttendGradientAddresses), dQkv: at.dQkv < 0 ? null : at.dQkv }, shape, place);
}

function runRange(program: WasmProgram, numbers: ArrayLike<number>, part: number): void {
  const [name, numUnits, unitsPerPart, count] = [numbers[0], numbers[1], numbers[2], numbers[3]];
  const first = part * unitsPerPart;
  const parameters: number[] = [];
  for (let i = rangeHeader; i < numbers.length; i += 2) parameters.push(numbers[i] + first * numbers[i + 1]);
  parameters[count] = Math.min(unitsPerPart, numUnits - first);
  program[functionNames[name]](...parameters);
}
