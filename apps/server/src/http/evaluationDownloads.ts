import type { WireBytes } from "@tutti/record";

/** Answers with one blob that left while an evaluation was open, less those that training took over, and who was handed the blob first for what. */
interface Fetched {
  up: number;
  down: number;
  numAnswers: number;
  readonly firstUse: Record<string, "evaluation" | "training">;
}

/** By the blob's hash; kept in the journal. */
export type FetchedBlobs = Readonly<Record<string, Fetched>>;

/**
 * What evaluations have fetched that training needs as well: W_t, which an evaluation looks at, is what the next round starts from.
 * A client fetches a blob once, for the first of its tasks that names it. Where that was an evaluation's, the download becomes training's
 * with the client's first task of training that names the blob, and so training costs what it would have cost without evaluations.
 */
export interface EvaluationDownloads {
  /** A part of an answer with a blob, on the wire while an evaluation is open. */
  carried(sha256: string, bytes: WireBytes): void;
  /** Such an answer is over. */
  answered(sha256: string): void;
  /** A client is handed a task that names a blob. Returns what of the evaluations' bytes becomes training's by that. */
  handedOut(sha256: string, clientKey: string, isEvaluation: boolean): WireBytes;
  /** Forgets other blobs than those of the step that opens. */
  keepOnly(sha256s: readonly string[]): void;
  blobs(): FetchedBlobs;
}

const nothing: WireBytes = { up: 0, down: 0 };

/** Goes on from what an earlier process knew. */
export function createEvaluationDownloads(earlier: FetchedBlobs = {}): EvaluationDownloads {
  const known = new Map<string, Fetched>(Object.entries(structuredClone(earlier)));

  function blob(sha256: string): Fetched {
    const found = known.get(sha256) ?? { ...nothing, numAnswers: 0, firstUse: {} };
    known.set(sha256, found);
    return found;
  }

  /** All answers with a blob are alike, so one client's is the mean. */
  function takeOne(fetched: Fetched): WireBytes {
    if (fetched.numAnswers === 0) return nothing; // it came late, when the evaluation was over, and was charged to training then
    const taken = { up: Math.round(fetched.up / fetched.numAnswers), down: Math.round(fetched.down / fetched.numAnswers) };
    fetched.up -= taken.up;
    fetched.down -= taken.down;
    fetched.numAnswers -= 1;
    return taken;
  }

  return {
    carried(sha256, { up, down }) {
      const fetched = blob(sha256);
      fetched.up += up;
      fetched.down += down;
    },
    answered(sha256) {
      blob(sha256).numAnswers += 1;
    },
    handedOut(sha256, clientKey, isEvaluation) {
      const fetched = blob(sha256);
      const before = fetched.firstUse[clientKey];
      if (before !== undefined && (isEvaluation || before === "training")) return nothing;
      fetched.firstUse[clientKey] = isEvaluation ? "evaluation" : "training";
      return before === undefined ? nothing : takeOne(fetched);
    },
    keepOnly(sha256s) {
      for (const sha256 of [...known.keys()]) if (!sha256s.includes(sha256)) known.delete(sha256);
    },
    blobs: () => Object.fromEntries(known),
  };
}
