import { type ReadonlySignal, signal } from "@preact/signals";
import type { Example } from "@tutti/data";
import { setIdentity } from "./setIdentity.ts";

/** A row of the volunteer's own table; `id` stays through corrections. */
export interface OwnExample extends Example {
  readonly id: number;
}

/** What a browser keeps of the table through a reload. */
export interface KeptExamples {
  readonly examples: readonly Example[];
  /** The place in the run that this set of examples has; null before it has joined. */
  readonly identity: string | null;
}

/** Where the table is kept: in this browser and nowhere else. Every call may fail. */
export interface ExamplesShelf {
  read(): Promise<KeptExamples | null>;
  write(kept: KeptExamples): Promise<void>;
  clear(): Promise<void>;
}

/** A volunteer's own examples: typed, pasted and read ones in one table, which never leaves this browser. */
export interface OwnExamples {
  readonly rows: ReadonlySignal<readonly OwnExample[]>;
  /** Whether the browser keeps the table through a reload; `unknown` until it was asked. */
  readonly keeping: ReadonlySignal<"unknown" | "kept" | "notKept">;
  /** Fulfilled, never rejected, once what earlier visits left is in the table. */
  readonly whenLoaded: Promise<void>;
  add(examples: readonly Example[]): void;
  change(id: number, changes: Partial<Example>): void;
  remove(id: number): void;
  /** Empties the table, and deletes what the browser keeps of it. */
  forget(): void;
  /** The tab joins with the table. Answers the set's place in the run, which it keeps however it grows while the tab takes part, and through a reload. */
  begin(): string;
  /** The tab takes part no more: whatever is changed from here on makes another set. */
  end(): void;
}

/** The most rows of a table. */
export const maxOwnExamples = 20_000;

/** A table that lies on a shelf between visits. */
export function ownExamples(shelf: ExamplesShelf): OwnExamples {
  const rows = signal<readonly OwnExample[]>([]);
  const keeping = signal<"unknown" | "kept" | "notKept">("unknown");
  let identity: string | null = null;
  let isTakingPart = false;
  let nextId = 1;
  let writing: Promise<void>;

  const numbered = (examples: readonly Example[]): OwnExample[] => examples.map((example) => ({ ...example, id: nextId++ }));

  const note = (found: "kept" | "notKept"): void => {
    keeping.value = found;
  };

  let isWriteWaiting = false;

  /** In turn, and each time what the table holds by then, so that one write is enough for all changes that wait; the shelf ends with the latest. */
  function keep(): void {
    if (isWriteWaiting) return;
    isWriteWaiting = true;
    const write = (): Promise<void> => {
      isWriteWaiting = false;
      const examples = examplesIn(rows.value);
      return examples.length === 0 ? shelf.clear() : shelf.write({ examples, identity });
    };
    writing = writing.then(write).then(
      () => note("kept"),
      () => note("notKept"),
    );
  }

  function set(changed: readonly OwnExample[]): void {
    rows.value = changed;
    if (!isTakingPart) identity = null;
    keep();
  }

  async function load(): Promise<void> {
    const kept = await shelf.read();
    keeping.value = "kept";
    if (kept === null) return;
    // what was typed meanwhile comes after it, and makes it another set
    identity = rows.value.length === 0 ? kept.identity : null;
    rows.value = [...numbered(kept.examples), ...rows.value];
  }

  const whenLoaded = load().catch(() => note("notKept"));
  writing = whenLoaded;
  return {
    rows,
    keeping,
    whenLoaded,
    add: (examples) => set([...rows.value, ...numbered(examples)]),
    change: (id, changes) => set(rows.value.map((row) => (row.id === id ? { ...row, ...changes, id } : row))),
    remove: (id) => set(rows.value.filter((row) => row.id !== id)),
    forget: () => set([]),
    begin() {
      isTakingPart = true;
      identity ??= setIdentity(examplesIn(rows.value));
      keep();
      return identity;
    },
    end() {
      isTakingPart = false;
    },
  };
}

/** The examples of a table, as a session takes them. */
export function examplesIn(rows: readonly OwnExample[]): Example[] {
  return rows.map(({ id: _, ...example }) => example);
}

/** How many rows are of each class, in class order. */
export function countsByClass(rows: readonly Pick<Example, "label">[], classes: readonly string[]): number[] {
  const counts = classes.map(() => 0);
  for (const { label } of rows) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}
