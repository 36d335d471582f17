import type { Answerer, DrawRequest, DrawStep, Fit, LoadProgress, TryoutReady, TunedFacts, WordEffect } from "@tutti/model";
import type { RunInfo } from "@tutti/protocol";
import type { Text } from "../saying/text.ts";
import type { LinkedQuestion } from "./link.ts";

/** How far the page is. */
export type Loading =
  | { readonly kind: "looking" }
  | { readonly kind: "loading"; readonly progress: LoadProgress | null }
  | { readonly kind: "ready"; readonly ready: TryoutReady }
  | { readonly kind: "failed"; readonly problem: Text };

/** What the page has of the run's tuned parameters. */
export interface TunedView {
  readonly kind: "asking" | "none" | "locked" | "silent" | "unusable" | "otherRun" | "here";
  /** Of those that answer now. */
  readonly facts: TunedFacts | null;
  /** Why they cannot be used, or null. */
  readonly problem: Text | null;
  /** The round of newer ones, or null. */
  readonly newerRound: number | null;
}

/** The devices of this browser that have layers of their own. */
export interface OwnView {
  readonly deviceIds: readonly number[];
  /** Whose layers answer; null for none. */
  readonly chosen: number | null;
  readonly problem: Text | null;
}

/** What is asked. */
export interface Question {
  readonly text: string;
  /** Null of tasks that read one text. */
  readonly textB: string | null;
}

/** Probabilities of each class by who answers, and the question that they answer. */
export interface Answered {
  readonly question: Question;
  readonly probabilities: Partial<Readonly<Record<Answerer, readonly number[]>>>;
  readonly fit: Fit;
}

/** How the words of a text matter, as far as that is known. */
export interface WordsView {
  readonly question: Question;
  readonly of: Answerer;
  readonly classIndex: number;
  readonly progress: { readonly numDone: number; readonly numWords: number } | null;
  readonly effects: readonly WordEffect[] | null;
  readonly problem: Text | null;
}

/** An answer of text as it is drawn. */
export interface DrawnView {
  readonly steps: readonly DrawStep[];
  readonly isDrawing: boolean;
  readonly numCut: number;
  readonly problem: Text | null;
}

/** Who may answer with text, and how far each answer is. */
export type DrawnAnswers = Partial<Readonly<Record<DrawRequest["of"], DrawnView>>>;

/** The large model of a run that has one. */
export interface LargeView {
  readonly name: string;
  readonly kind: "offered" | "loading" | "here" | "failed";
  /** Null until it is known. */
  readonly numBytes: number | null;
  readonly progress: { readonly doneBytes: number; readonly totalBytes: number } | null;
  readonly problem: Text | null;
}

/** Everything that the page shows. */
export interface TryView {
  readonly run: RunInfo | null;
  readonly loading: Loading;
  readonly tuned: TunedView;
  readonly own: OwnView;
  readonly question: Question;
  readonly isAsking: boolean;
  readonly answered: Answered | null;
  readonly problem: Text | null;
  readonly words: WordsView | null;
  readonly drawn: DrawnAnswers;
  /** How many times answers were asked for and came, or were stopped. */
  readonly numDraws: number;
  readonly large: LargeView | null;
  /** What the link to this page asked for; null where it asked nothing. */
  readonly linked: LinkedQuestion | null;
  /** Whether this browser takes part with own examples, to which more can be added. */
  readonly hasOwnExamples: boolean;
  /** Texts of the run's public test part. */
  readonly examples: readonly Question[];
}

/** The page before anything is known. */
export const emptyTryView: TryView = {
  run: null,
  loading: { kind: "looking" },
  tuned: { kind: "asking", facts: null, problem: null, newerRound: null },
  own: { deviceIds: [], chosen: null, problem: null },
  question: { text: "", textB: null },
  isAsking: false,
  answered: null,
  problem: null,
  words: null,
  drawn: {},
  numDraws: 0,
  large: null,
  linked: null,
  hasOwnExamples: false,
  examples: [],
};

/** Who can answer now, in the order in which they stand beside each other. */
export function answerersOf({ loading, tuned, own }: Pick<TryView, "loading" | "tuned" | "own">): readonly Answerer[] {
  if (loading.kind !== "ready") return [];
  const before: readonly Answerer[] = loading.ready.whyNotBefore === null ? ["before"] : [];
  if (tuned.facts === null) return before;
  return [...before, "tuned", ...(own.chosen === null ? [] : (["own"] as const))];
}

/** Whether a question asks anything. */
export function isAsked({ text, textB }: Question): boolean {
  return text.trim() !== "" && (textB === null || textB.trim() !== "");
}
