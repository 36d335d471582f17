import { type EvaluationResult, numCounted, type Protocol, type Split } from "@tutti/core";
import { type CountedRows, type EvaluatedRows, maxKeptBack, type RunEvaluation } from "@tutti/data/node";
import { type Refusal, refuse } from "@tutti/protocol";
import type { JournalledDevice } from "../journal/journal.ts";

const noRows: CountedRows = { numRows: 0, numBytes: 0 };

/** Tokens that a byte can become: normalisation (NFKC) makes no text more than eleven times as long. */
const tokensPerByte = 11;

/** What a device's evaluation counts at most: its share's rows, or the whole splits where it has own examples. */
export function evaluatedBy(device: JournalledDevice | null, known: RunEvaluation | null): EvaluatedRows | null {
  if (device === null || known === null) return null;
  const { share = device.deviceId } = device;
  return (share === null ? null : known.shares[share]) ?? known.whole;
}

/** The same of a device whose texts are typed: what it keeps back of them, by the number in its lease as far as it counts (P-121, P-193). */
export function keptBackBy(numExamples: number): EvaluatedRows {
  const rows = { numRows: maxKeptBack(numExamples), numBytes: 0 };
  return { personalised: rows, test: rows, validation: noRows };
}

function rowsFor({ protocol, split }: { readonly protocol: Protocol; readonly split: Split }, rows: EvaluatedRows): CountedRows {
  if (protocol === "personalised" && split === "validation") return noRows; // validation rows are dealt evenly alone
  return protocol === "personalised" ? rows.personalised : rows[split];
}

/** A device counts no more than its rows: else one device's matrix would be the run's. */
export function checkCounts(result: EvaluationResult, evaluated: EvaluatedRows | null): Refusal | null {
  if (evaluated === null) return null;
  const { numRows, numBytes } = rowsFor(result, evaluated);
  const { protocol, split } = result;
  const tooMany = (what: string, found: number, most: number) =>
    found <= most ? null : refuse("P-132", `header.results: ${protocol}/${split} counts ${found} ${what}, expected at most ${most}`);
  if (!("text" in result)) return tooMany("examples", numCounted(result.confusion), numRows);
  const { text } = result;
  return (
    tooMany("examples", text.numExamples, numRows) ??
    tooMany("bytes", text.numBytes, numBytes) ??
    tooMany("tokens", text.numTokens, tokensPerByte * numBytes + numRows)
  );
}
