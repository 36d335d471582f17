import type { Params } from "@tutti/core";
import type { Example, TaskDefinition } from "@tutti/data";
import type { NoPeft } from "../prompts/peftForms.ts";
import type { ProxyAnswerer } from "../proxyPredictor.ts";
import type { TrainerReady, TrainerSetup } from "../trainer.ts";
import type { Candidate } from "./candidates.ts";
import type { WordEffect } from "./words.ts";

/** Whose answer it is: the backbone's as it was pretrained, a newcomer's after tuning, or that of a device that took part. */
export type Answerer = "before" | "tuned" | "own";

/** Texts that are asked about; of a pair both. */
export type AskedText = Pick<Example, "text" | "textB">;

/** What a tryout loads. */
export type TryoutSetup = Pick<
  TrainerSetup,
  "run" | "manifestUrl" | "datasetUrl" | "backend" | "remembered" | "askedBy" | "threads" | "wasmPath" | "kernels"
>;

/** What a loaded tryout can be asked. */
export interface TryoutReady extends Pick<TrainerReady, "backend" | "threads" | "reason" | "why" | "measured"> {
  readonly task: TaskDefinition;
  /** The label word that answers for each class; null where a trained head answers, and of a text task. */
  readonly labelWords: readonly string[] | null;
  /** Why the backbone cannot answer before tuning; null where it can. */
  readonly whyNotBefore: string | null;
  /** Why peft has no form for the tuned parameters; null where it has one. */
  readonly whyNotPeft: NoPeft | null;
}

/** What the tuned parameters' file says of itself. */
export interface TunedFacts {
  readonly runId: string;
  /** The latest training round that changed them, 0 for none; null in a file that does not say. */
  readonly round: number | null;
  readonly parametersSha256: string;
  /** Shared names; a device that took part has its own of the others. */
  readonly numShared: number;
  readonly numParameters: number;
}

/** How an answer of text is drawn. */
export interface DrawRequest {
  readonly of: Answerer | ProxyAnswerer;
  readonly maxNewTokens: number;
  readonly temperature: number;
  /** The same seed draws the same text. */
  readonly seed: number;
  /** a of s_large + a (s_tuned − s_untuned); for `proxy` alone. */
  readonly a?: number | undefined;
}

/** One token of an answer, and the likeliest of those that it was chosen from. */
export interface DrawStep {
  /** What it adds to the text; "" where it completes no letter. */
  readonly text: string;
  /** It ends the answer and is not part of it. */
  readonly isEnd: boolean;
  /** Of the token that was chosen. */
  readonly probability: number;
  readonly candidates: readonly (Candidate & { readonly text: string })[];
}

/** How far a text fits the backbone's positions. */
export interface Fit {
  readonly numTokens: number;
  /** Tokens at its end that are not read. */
  readonly numCut: number;
}

/** A backbone with a run's tuned parameters, to be asked by a person. */
export interface Tryout {
  readonly ready: TryoutReady;
  /** Takes the file that GET /tuned.safetensors answers with; throws a sentence where it does not fit this run. */
  takeTuned(file: Uint8Array): TunedFacts;
  /** Takes a device's own layers, or null for none; they lie over the tuned parameters wherever these are not shared. Throws where they do not fit. */
  takeOwn(local: Params | null): void;
  /** Of each class, for each text. Throws where nothing of that name was taken. */
  probabilities(texts: readonly AskedText[], of: Answerer, signal?: AbortSignal): Promise<readonly (readonly number[])[]>;
  fit(text: AskedText): Fit;
  /** How much each of a text's words matters to a class, the first `maxWords` of them. */
  wordEffects(text: AskedText, question: WordQuestion): Promise<readonly WordEffect[]>;
  /** An answer of text, token by token; only of a text task. */
  draw(text: string, request: DrawRequest, watch?: DrawWatch): Promise<{ readonly text: string; readonly numCut: number }>;
  /** Loads the large model of a run that has one beside the small one. */
  openLarge(manifestUrl: string, onProgress: (doneBytes: number, totalBytes: number) => void, signal?: AbortSignal): Promise<void>;
  /** The tuned parameters as `tutti predict --prompts` and `tutti prompt export` read them; null before they are taken. */
  promptsFile(): Uint8Array | null;
  dispose(): void;
}

/** Which words are asked about, and who watches. */
export interface WordQuestion {
  readonly of: Answerer;
  readonly classIndex: number;
  readonly maxWords: number;
  readonly onProgress?: ((numDone: number, numWords: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Who watches an answer being drawn. */
export interface DrawWatch {
  readonly onStep?: ((step: DrawStep) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}
