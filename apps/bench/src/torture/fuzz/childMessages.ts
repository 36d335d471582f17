import type { CaseFault, CasesRun } from "./runCases.ts";

/** What a process that runs cases is told. */
export interface ChildOrder extends Pick<CasesRun, "seed" | "numCases" | "limitMs"> {
  readonly share: { readonly at: number; readonly of: number };
  readonly from: { readonly target: number; readonly index: number };
  /** Holds the case that runs, as two little-endian u32: it is still there when the process is not. */
  readonly placeFile: string;
}

/** What it tells. */
export type ChildReport =
  | { readonly kind: "progress"; readonly numCases: number; readonly maxBytes: number }
  | { readonly kind: "fault"; readonly fault: CaseFault }
  | { readonly kind: "done" };
