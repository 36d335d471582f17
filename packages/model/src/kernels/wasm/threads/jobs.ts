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
  /** A part has a whole number of these, but for the last. */
  readonly unitsAtOnce: number;
  readonly numParts: number;
}

/** How often threads can share in a job: when one is held up, the others take over what it has not begun. */
const partsPerThread = 4;

/**
 * In how many parts a job is cut: 1 where it has not twice the work that is worth handing over, else as many as threads can take at the same pace.
 * How a job is cut changes no bits.
 */
export function numPartsOf(work: number, worthwhile: number, numThreads: number): number {
  const most = Math.floor(work / worthwhile);
  if (numThreads === 1 || most < 2) return 1;
  return most < numThreads ? most : numThreads * Math.min(partsPerThread, Math.floor(most / numThreads));
}

/** An attention as `attendOnWasm` takes it, or its gradient. */
export type AttentionCall = { readonly shape: AttentionShape; readonly numPrefix: number; readonly numThreads: number } & (
  | { readonly isGradient: false; readonly at: AttendAddresses }
  | { readonly isGradient: true; readonly at: AttendGradientAddresses }
);

const kinds = { range: 0, attend: 1, attendGradient: 2 } as const;
/** Products of attention that are worth a hand-over: about 10 µs. */
const fewestProducts = 125_000;
/** As many numbers lie before a job's parameters. */
const rangeHeader = 4;
const attentionHeader = 5;

/** The call as a job. */
export function rangeJob({ name, parameters, numUnits, unitsAtOnce, numParts }: RangeCall): Job {
  const most = Math.max(1, Math.ceil(numUnits / unitsAtOnce));
  const numbers = [functionNames.indexOf(name), numUnits, unitsAtOnce, parameters.indexOf("count")];
  for (const parameter of parameters) {
    if (typeof parameter === "object") numbers.push(parameter.from, parameter.perUnit);
    else numbers.push(parameter === "count" ? 0 : parameter, 0);
  }
  return { kind: kinds.range, numParts: Math.min(numParts, most), numbers };
}

const attendKeys = ["qkv", "prefix", "weights", "y", "scratch"] as const;
const gradientKeys = ["qkv", "prefix", "weights", "dy", "scratch", "dWeights", "dPrefix", "dQkv"] as const;

/** The attention as a job: a part for each head of keys, over all texts, so that a prefix's gradient is summed in one order. */
export function attentionJob({ shape, numPrefix, numThreads, ...call }: AttentionCall): Job {
  const { numHeads, numKeyValueHeads, headSize, isCausal, lengths } = shape;
  const at = call.isGradient ? gradientKeys.map((key) => call.at[key] ?? -1) : attendKeys.map((key) => call.at[key]);
  const numbers = [numHeads, numKeyValueHeads, headSize, isCausal ? 1 : 0, numPrefix, ...at, ...lengths];
  const numProducts = lengths.reduce((sum, length) => sum + 2 * length * (numPrefix + length) * numHeads * headSize, 0);
  const isShared = numPartsOf(numProducts, fewestProducts, numThreads) > 1;
  return { kind: call.isGradient ? kinds.attendGradient : kinds.attend, numParts: isShared ? numKeyValueHeads : 1, numbers };
}

/** Does one part of a job as the thread with this number, the calling thread's being 0. */
export function runPart(program: WasmProgram, job: Job, part: number, thread: number): void {
  if (job.kind === kinds.range) runRange(program, job, part);
  else runAttention(program, job, { part, thread });
}

/** The units of a part, `end` excluded: as even as whole numbers allow. */
function rangeOf(part: number, numParts: number, numUnits: number): { first: number; end: number } {
  return { first: Math.floor((part * numUnits) / numParts), end: Math.floor(((part + 1) * numUnits) / numParts) };
}

function runAttention(program: WasmProgram, { kind, numbers, numParts }: Job, { part, thread }: { part: number; thread: number }): void {
  const [numHeads, numKeyValueHeads, headSize, causal, numPrefix] = Array.from({ length: attentionHeader }, (_, i) => numbers[i]);
  const keys = kind === kinds.attend ? attendKeys : gradientKeys;
  const at = Object.fromEntries(keys.map((key, i) => [key, numbers[attentionHeader + i]]));
  const lengths = Array.from(
    { length: numbers.length - attentionHeader - keys.length },
    (_, i) => numbers[attentionHeader + keys.length + i],
  );
  const shape = { numHeads, numKeyValueHeads, headSize, isCausal: causal === 1, lengths };
  const { first, end } = rangeOf(part, numParts, numKeyValueHeads);
  for (let keyHead = first; keyHead < end; keyHead++) {
    const place = { keyHead, thread, numPrefix };
    if (kind === kinds.attend) attendOnWasm(program, at as object as AttendAddresses, shape, place);
    else attendGradientOnWasm(program, { ...(at as object as AttendGradientAddresses), dQkv: at.dQkv < 0 ? null : at.dQkv }, shape, place);
  }
}

function runRange(program: WasmProgram, { numbers, numParts }: Job, part: number): void {
  const [name, numUnits, unitsAtOnce, count] = [numbers[0], numbers[1], numbers[2], numbers[3]];
  const range = rangeOf(part, numParts, Math.ceil(numUnits / unitsAtOnce));
  const first = range.first * unitsAtOnce;
  const parameters: number[] = [];
  for (let i = rangeHeader; i < numbers.length; i += 2) parameters.push(numbers[i] + first * numbers[i + 1]);
  parameters[count] = Math.min(range.end * unitsAtOnce, numUnits) - first;
  program[functionNames[name]](...parameters);
}
