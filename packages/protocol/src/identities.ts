import { nameOrderedBytes, type Params, type Stage, sha256HexSync, type TaskKind } from "@tutti/core";

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

/** The task's id: the first 32 hexadecimal digits of the SHA-256 of its identity (P-30). */
export function taskId({ runId, stage, round, step, attempt, deviceId, kind }: TaskIdentity): string {
  return sha256HexSync(new TextEncoder().encode(JSON.stringify([runId, stage, round, step, attempt, deviceId, kind]))).slice(0, 32);
}

/** SHA-256 of all values as little-endian f32 in name order; says whether two parameter sets are the same to the bit. */
export function parametersSha256(params: Params): string {
  return sha256HexSync(nameOrderedBytes(params));
}
