import type { Hosting } from "@tutti/client";
import type { Example } from "@tutti/data";
import { examplesIn, type OwnExamples } from "../examples/ownExamples.ts";

/** Where this tab's examples come from. Own ones never leave the tab: only their number is sent. */
export type DataSource =
  | { readonly kind: "share" }
  | {
      readonly kind: "own";
      readonly examples: readonly Example[];
      /** Finds the set's place in the run again; it stays in this browser. */
      readonly identity: string;
    };

/** The volunteer's table as what the tab trains on; the set has its place from here on. */
export function ownSource(table: OwnExamples): DataSource {
  return { kind: "own", examples: examplesIn(table.rows.value), identity: table.begin() };
}

/** How the session is told. */
export function hostingOf(source: DataSource): Hosting {
  return source.kind === "own" ? { kind: "own", examples: source.examples } : { kind: "virtual" };
}
