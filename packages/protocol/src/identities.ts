import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { nameOrderedBytes, type Params, type Stage, type TaskKind } from "@tutti/core";

/** What a task is; two tasks that agree in all of it are the same task. */
export interface TaskIdentity {
  readonly runId: string;
  readonly stage: Stage;
  readonly round: number;
  readonly step: number;
  readonly attempt: number;
  readonly deviceId: number;
  readonly kind: TaskKind;
}

/** Hexadecimal SHA-256 of bytes; needs no secure context. */
export function sha256Hex(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes));
}

/** The task's id: the first 32 hexadecimal digits of the SHA-256 of its identity (P-30). */
export function taskId({ runId, stage, round, step, attempt, deviceId, kind }: TaskIdentity): string {
  return sha256Hex(utf8ToBytes(JSON.stringify([runId, stage, round, step, attempt, deviceId, kind]))).slice(0, 32);
}

/** SHA-256 of all values as little-endian f32 in name order; says whether two parameter sets are the same to the bit. */
export function parametersSha256(params: Params): string {
  return sha256Hex(nameOrderedBytes(params));
}
