import { randomBytes, sign } from "node:crypto";
import { fromBase64Url, limits, type Receipt, type ReceiptEntry, receiptBytes, receiptKeyOf, toBase64Url } from "@tutti/protocol";
import type { Journal, JournalledReceipt } from "../journal/journal.ts";
import { privateKeyOf } from "./proofs.ts";
import { publishText, tokenIn } from "./tokens.ts";

/** Where a run's receipts come from. */
export interface ReceiptSources {
  readonly runId: string;
  /** The run's folder, which keeps the private key, and the public one in `receipts.pub`; null where nothing is written there. */
  readonly folder: string | null;
  readonly journal: Pick<Journal, "contents" | "removeReceipts">;
  /** Milliseconds since 1970. */
  now(): number;
}

/** What the run confirms of its clients' contributions (P-165). */
export interface Receipts {
  /** The public key, as `run.json` and every receipt name it. */
  readonly key: string;
  /** Notes an accepted contribution; the answer is to be journalled with it. */
  note(entry: Omit<ReceiptEntry, "at"> & { readonly by: string }): JournalledReceipt;
  /** A signed receipt of a client's contributions, with the latest ones where they are many. */
  of(clientKey: string): Receipt;
  /** Nothing is known of the client's contributions any more (P-127). */
  forget(clientKey: string): void;
}

function keyIn(folder: string | null): Uint8Array {
  const draw = () => toBase64Url(randomBytes(32));
  return fromBase64Url(folder === null ? draw() : tokenIn(folder, "receipts.key", draw)) ?? randomBytes(32);
}

/** The receipts of a run, which go on from what was journalled. */
export function createReceipts({ runId, folder, journal, now }: ReceiptSources): Receipts {
  const privateKey = keyIn(folder);
  const key = receiptKeyOf(privateKey);
  if (folder !== null) publishText(folder, "receipts.pub", `${key}\n`);
  const byClient = new Map<string, JournalledReceipt[]>();
  const add = (entry: JournalledReceipt): void => {
    const known = byClient.get(entry.by);
    if (known === undefined) byClient.set(entry.by, [entry]);
    else known.push(entry);
  };
  for (const entry of [...(journal.contents()?.receipts ?? [])].sort((a, b) => a.at - b.at)) add(entry);

  return {
    key,
    note(entry) {
      const noted = { ...entry, at: now() };
      add(noted);
      return noted;
    },
    of(clientKey) {
      const all = byClient.get(clientKey) ?? [];
      const contributions = all.slice(-limits.maxReceiptEntries).map(({ by: _, ...entry }) => entry);
      const numEarlier = all.length - contributions.length;
      const unsigned = { format: "tutti receipt", version: 1, runId, key, clientKey, issuedAt: now(), numEarlier, contributions } as const;
      return { ...unsigned, signature: toBase64Url(sign(null, receiptBytes(unsigned), privateKeyOf(privateKey))) };
    },
    forget(clientKey) {
      const taskIds = (byClient.get(clientKey) ?? []).map(({ taskId }) => taskId);
      byClient.delete(clientKey);
      if (taskIds.length > 0) journal.removeReceipts(taskIds);
    },
  };
}
