/** Why no plan of a run that plans for each client fits a device: what the smallest one needs, and what there is. */
export interface Lack {
  /** Memory in bytes; a round or the download of the backbone in seconds. */
  readonly of: "memory" | "roundTime" | "downloadTime";
  readonly needed: number;
  readonly available: number;
}

/** Why a step is repeated: contributions that arrived, that were asked for and that it needs, and what became of the others. */
export interface Missed {
  readonly count: number;
  readonly numAsked: number;
  readonly needed: number;
  readonly numLeft: number;
  readonly numLate: number;
  readonly numDeclined: number;
}

/** What a run has to say beside its numbers, as a kind with its figures: a page words it in its reader's language. */
export type Saying =
  /** `gathering`: the operator can start earlier. */
  | { readonly kind: "registering" | "gathering" | "tooFew"; readonly count: number; readonly needed: number }
  | {
      readonly kind:
        | "nobodyConnected"
        | "operatorPaused"
        | "firstPerson"
        | "computeMissing"
        | "computePaused"
        | "computeArriving"
        | "reportWaits"
        | "storageFull";
    }
  /** Devices that were picked and are not connected. */
  | { readonly kind: "away"; readonly deviceIds: readonly number[] }
  | { readonly kind: "tabsPaused" | "allPaused"; readonly count: number }
  | { readonly kind: "noneWorks"; readonly numPaused: number; readonly numDeclined: number; readonly numArriving: number }
  /** A step had too few contributions; `unanswered`: the one that the report's answers are of. */
  | ({ readonly kind: "repeated" | "unanswered" } & Missed)
  | { readonly kind: "reset"; readonly deviceId: number; readonly why: "lost" | "declined" | "untrusted" | "withdrawn" }
  | { readonly kind: "leftOut"; readonly deviceId: number; readonly lack: Lack };
