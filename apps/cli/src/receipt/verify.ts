import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { checkReceipt, type Receipt, receiptKeySchema, receiptSchema, runIdSchema } from "@tutti/protocol";
import { UsageError } from "../exitCodes.ts";

/** What a check comes to; `anotherRun` also where somebody signed what looks like the run's receipt with a key of their own. */
export type Verdict =
  | { readonly kind: "valid"; readonly receipt: Receipt; readonly isRunKnown: boolean }
  | { readonly kind: "changed"; readonly receipt: Receipt }
  | { readonly kind: "anotherRun"; readonly receipt: Receipt; readonly expected: RunIdentity };

/** Whose receipt it should be. */
export interface RunIdentity {
  /** Null where only the key was given. */
  readonly runId: string | null;
  readonly key: string;
}

/** Exit codes of the verdicts; 1 and 2 are those of every command. */
export const verdictCodes: Readonly<Record<Verdict["kind"], number>> = { valid: 0, changed: 3, anotherRun: 4 };

/** A receipt in a file; throws a UsageError where it is none. */
export async function readReceipt(file: string): Promise<Receipt> {
  const text = await readFile(file, "utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${file} is not JSON: expected a receipt that was downloaded from the page of a run`);
  }
  const read = receiptSchema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new UsageError(`${file} is not a receipt: ${issue?.path.join(".") || "the file"}: ${issue?.message ?? "unknown"}`);
}

/** Whose run that is: from its address, from its folder, or its public key itself. */
export async function findRun(run: string, get: typeof fetch = fetch): Promise<RunIdentity> {
  if (/^https?:\/\//.test(run)) return runAt(run, get);
  const folder = await stat(run).catch(() => null);
  if (folder?.isDirectory() === true) return { runId: null, key: keyFrom((await readFile(join(run, "receipts.pub"), "utf8")).trim(), run) };
  return { runId: null, key: keyFrom(run, "--run") };
}

function keyFrom(text: string, where: string): string {
  const key = receiptKeySchema.safeParse(text);
  if (key.success) return key.data;
  throw new UsageError(
    `${where}: ${JSON.stringify(text.slice(0, 60))} is neither a run's address, its folder, nor its public key of 43 letters, digits, - and _`,
  );
}

async function runAt(address: string, get: typeof fetch): Promise<RunIdentity> {
  const folder = new URL(address);
  folder.hash = "";
  folder.search = "";
  if (!folder.pathname.endsWith("/")) folder.pathname += "/";
  const url = new URL("run.json", folder).href;
  let answer: unknown;
  try {
    answer = await (await get(url)).json();
  } catch (cause) {
    throw new Error(`${url}: no coordinator answers; give the run's folder or its public key instead`, { cause });
  }
  const { runId, receiptKey } = (answer ?? {}) as Readonly<Record<string, unknown>>;
  const [id, key] = [runIdSchema.safeParse(runId), receiptKeySchema.safeParse(receiptKey)];
  if (!id.success || !key.success) throw new Error(`${url} names no key for receipts: is it a run of this version?`);
  return { runId: id.data, key: key.data };
}

/** Checks a receipt's signature, and whose it is where that is given. */
export function judge(receipt: Receipt, expected: RunIdentity | null): Verdict {
  if (expected !== null && (receipt.key !== expected.key || (expected.runId !== null && receipt.runId !== expected.runId))) {
    return { kind: "anotherRun", receipt, expected };
  }
  return checkReceipt(receipt) === "valid" ? { kind: "valid", receipt, isRunKnown: expected !== null } : { kind: "changed", receipt };
}
