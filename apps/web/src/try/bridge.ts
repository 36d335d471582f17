import type { Params } from "@tutti/core";
import type {
  Answerer,
  AskedText,
  DrawRequest,
  DrawStep,
  Fit,
  LoadProgress,
  TryoutReady,
  TryoutSetup,
  TunedFacts,
  WordEffect,
} from "@tutti/model";

/** What the page asks of the worker that answers, by name: what is sent, what comes while it works, and what is answered. */
export interface Asks {
  readonly open: { readonly sent: TryoutSetup; readonly progress: LoadProgress; readonly answer: TryoutReady };
  readonly takeTuned: { readonly sent: Uint8Array; readonly progress: never; readonly answer: TunedFacts };
  readonly takeOwn: { readonly sent: Params | null; readonly progress: never; readonly answer: null };
  /** Probabilities of each class, by answerer, for each text. */
  readonly ask: {
    readonly sent: { readonly texts: readonly AskedText[]; readonly of: readonly Answerer[] };
    readonly progress: never;
    readonly answer: Partial<Readonly<Record<Answerer, readonly (readonly number[])[]>>>;
  };
  readonly fit: { readonly sent: AskedText; readonly progress: never; readonly answer: Fit };
  readonly words: {
    readonly sent: { readonly text: AskedText; readonly of: Answerer; readonly classIndex: number; readonly maxWords: number };
    readonly progress: { readonly numDone: number; readonly numWords: number };
    readonly answer: readonly WordEffect[];
  };
  readonly draw: {
    readonly sent: { readonly text: string; readonly request: DrawRequest };
    readonly progress: DrawStep;
    readonly answer: { readonly text: string; readonly numCut: number };
  };
  readonly openLarge: {
    readonly sent: string;
    readonly progress: { readonly doneBytes: number; readonly totalBytes: number };
    readonly answer: null;
  };
  /** The file to download; null while nothing is tuned. */
  readonly promptsFile: { readonly sent: null; readonly progress: never; readonly answer: Uint8Array | null };
  /** Addresses of what the worker has fetched, which the page keeps for when there is no network. */
  readonly fetched: { readonly sent: null; readonly progress: never; readonly answer: readonly string[] };
}

/** A question's name. */
export type AskName = keyof Asks;

/** A question, or what stops one; threads come with a port for each. */
export type TryRequest =
  | { readonly [N in AskName]: { readonly id: number; readonly name: N; readonly sent: Asks[N]["sent"] } }[AskName]
  | { readonly id: number; readonly name: "abort" }
  | { readonly id: 0; readonly name: "threads" };

/** What the worker says. */
export type TryReply =
  | { readonly id: number; readonly kind: "progress"; readonly progress: unknown }
  | { readonly id: number; readonly kind: "answer"; readonly answer: unknown }
  | { readonly id: number; readonly kind: "failure"; readonly name: string; readonly message: string };
