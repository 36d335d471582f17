import { formatWhole } from "@tutti/core";
import { drawExamples } from "./dataset.ts";
import type { Example } from "./example.ts";
import { countsByKind, type Fault, refuseFaults } from "./faults.ts";
import type { Row } from "./rows.ts";

/** The rows of one file, with the name that errors give it. */
export interface SourceRows {
  readonly source: string;
  readonly rows: readonly Row[];
  /** Rows that could not even be read. */
  readonly faults?: readonly Fault[];
}

/** The rows of each part that a source brings. */
export interface SourceParts {
  readonly train: SourceRows;
  readonly validation?: SourceRows | undefined;
  readonly test?: SourceRows | undefined;
}

/** Examples of each part, before anything is held out of the training part: validation is null where the source brings none. */
export interface Parts<E = Example> {
  readonly train: readonly E[];
  readonly validation: readonly E[] | null;
  readonly test: readonly E[];
}

/** The examples of a part, and its faults in the order of their lines. */
export interface ReadPart<E = Example> {
  readonly source: string;
  readonly examples: readonly E[];
  readonly faults: readonly Fault[];
}

/** Share of the rows that is reported where there is one file only. */
export const testFraction = 0.2;

/** Refuses faulty rows of all parts together, or says how many are left out. */
export function checkedParts(found: readonly (ReadPart<unknown> | null)[], skipFaulty: boolean): string[] {
  const parts = found.filter((part) => part !== null);
  const faults = parts.flatMap((part) => part.faults);
  if (!skipFaulty) refuseFaults(faults, faults.length + parts.reduce((sum, { examples }) => sum + examples.length, 0));
  return parts.flatMap(({ source, examples, faults: own }) => {
    const numRows = formatWhole(examples.length + own.length);
    if (examples.length === 0) throw new Error(`${source}: none of its ${numRows} rows can be used: ${countsByKind(own)}`);
    return own.length === 0 ? [] : [`Left out of ${source}: ${formatWhole(own.length)} of ${numRows} rows: ${countsByKind(own)}.`];
  });
}

/** The parts that a task needs, of those that a source brings; `notes` says in sentences what was drawn or taken for another one. */
export function splitParts<E>(
  { train, validation, test }: { readonly [K in keyof Parts]: readonly E[] | null } & { readonly train: readonly E[] },
  seed: number,
  reported: string,
): Parts<E> & { readonly notes: readonly string[] } {
  if (test !== null) return { train, validation, test, notes: [] };
  if (validation !== null) return { train, validation: null, test: validation, notes: [reported] };
  if (train.length < 5) throw new Error(`${train.length} rows are too few to train and to test on: 5 or more are needed`);
  const [rest, drawn] = drawExamples(train, Math.floor(testFraction * train.length), { seed, purpose: "testSplit" });
  return { train: rest, validation: null, test: drawn, notes: [`A fifth of the rows, drawn with seed ${seed}, is the test part.`] };
}
