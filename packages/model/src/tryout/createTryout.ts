import { createRandom, type RunSettings } from "@tutti/core";
import type { ClassificationTask, TextExample, TextTask } from "@tutti/data";
import { loadBackbone } from "../backbone/load.ts";
import type { PackedBackbone } from "../backbone/packed.ts";
import { createTransformer, type Transformer } from "../backbone/transformer.ts";
import { requirePair } from "../compute/pair.ts";
import { type CausalReader, createCausalReader } from "../generation.ts";
import { whyNoPeftForm } from "../prompts/peftForms.ts";
import { writePromptsFile } from "../prompts/promptsFile.ts";
import { createProxyReader } from "../proxyReader.ts";
import { createReader, createZeroShotReader, type Reader, type ReaderParts } from "../reader.ts";
import { createTextReader } from "../textReader.ts";
import { predictAll } from "../training/evaluation.ts";
import { throwIfAborted } from "../training/pause.ts";
import type { LoadPorts } from "../workplace.ts";
import { likeliestTokens, probabilityOf } from "./candidates.ts";
import { createHeldParams, type HeldParams } from "./heldParams.ts";
import type { Answerer, AskedText, DrawRequest, DrawWatch, Fit, Tryout, TryoutReady, WordQuestion } from "./tryout.ts";
import { partsOfText, type WordEffect, withoutPart } from "./words.ts";

/** What a tryout is made over: a backbone on the backend that computes now, and how the run's task reaches it. */
export interface TryoutParts extends ReaderParts {
  readonly run: RunSettings;
  readonly backbone: PackedBackbone;
  readonly task: ClassificationTask | TextTask;
  /** Fills a text task's template. */
  readonly prompter: Parameters<typeof createTextReader>[2]["prompter"] | null;
  readonly ports: LoadPorts;
}

/** What a backend says of itself. */
type Started = Pick<TryoutReady, "backend" | "threads" | "reason" | "why" | "measured">;

/** A tryout over a loaded backbone, which it disposes of. */
export function createTryout(parts: TryoutParts, started: Started): Tryout {
  const { task, run, transformer } = parts;
  const held = createHeldParams(parts.layout, run);
  const classes = task.kind === "classification" ? classReaders(parts, task) : null;
  const texts = task.kind === "classification" ? null : drawing(parts, task, held);
  const readers = () => classes ?? fail(`${task.name} is answered with text, and has no classes`);

  function probabilities(asked: readonly AskedText[], of: Answerer, signal?: AbortSignal) {
    const params = held.of(of);
    const { tuned, encode } = params === null ? readers().before() : readers().reader;
    const encoded = encode(asked.map((text) => ({ ...text, label: 0 })));
    return predictAll(tuned, params, encoded, signal).then((found) => found.probabilities);
  }

  return {
    ready: {
      ...started,
      task,
      labelWords: classes?.reader.labelWords ?? null,
      whyNotBefore: classes?.whyNotBefore ?? null,
      whyNotPeft: whyNoPeftForm(run.tuning.method),
    },
    takeTuned: held.takeTuned,
    takeOwn: held.takeOwn,
    probabilities,
    fit: (text) => fitOf(parts, readers().reader, text),
    wordEffects: (text, question) => wordEffects(text, question, probabilities),
    draw: (text, request, watch) => (texts ?? fail(`${task.name} is answered with a class, and draws no text`)).draw(text, request, watch),
    openLarge: async (...asked) => texts?.openLarge(...asked),
    promptsFile() {
      const params = held.tuned();
      return params === null ? null : writePromptsFile({ runId: held.runId(), settings: run, params });
    },
    dispose() {
      texts?.dispose();
      transformer.dispose();
    },
  };
}

function fail(message: string): never {
  throw new Error(message);
}

interface ClassReaders {
  readonly reader: Reader;
  /** Throws where the backbone cannot answer before tuning. */
  before(): Reader;
  readonly whyNotBefore: string | null;
}

function classReaders(parts: TryoutParts, task: ClassificationTask): ClassReaders {
  const reader = createReader(parts, task, parts.run.tuning);
  let before: Reader | Error;
  try {
    before = createZeroShotReader(parts, task, parts.run.tuning);
  } catch (error) {
    before = error instanceof Error ? error : new Error(String(error));
  }
  return {
    reader,
    whyNotBefore: before instanceof Error ? before.message : null,
    before() {
      if (before instanceof Error) throw before;
      return before;
    },
  };
}

/** What of a text is read: the template's tokens are those of an empty text. */
function fitOf({ tokenizer }: TryoutParts, { encode }: Reader, text: AskedText): Fit {
  const lengthOf = (asked: AskedText) => encode([{ ...asked, label: 0 }])[0]?.ids.length ?? 0;
  const whole = tokenizer.encode(text.text).length + (text.textB === undefined ? 0 : tokenizer.encode(text.textB).length);
  const empty = { text: "", ...(text.textB === undefined ? {} : { textB: "" }) };
  const numRead = lengthOf(text) - lengthOf(empty);
  // a word behind a space may be another number of tokens than at the start of a text
  const numCut = whole - numRead;
  return { numTokens: whole, numCut: numCut > 4 ? numCut : 0 };
}

/** Texts that are asked together, so that a person sees progress and can stop. */
const wordsAtOnce = 8;

async function wordEffects(
  asked: AskedText,
  { of, classIndex, maxWords, onProgress, signal }: WordQuestion,
  probabilities: Tryout["probabilities"],
): Promise<readonly WordEffect[]> {
  const parts = partsOfText(asked.text);
  const places = parts.flatMap(({ isWord }, index) => (isWord ? [index] : [])).slice(0, maxWords);
  const [whole = []] = await probabilities([asked], of, signal);
  const effects: (number | null)[] = parts.map(() => null);
  onProgress?.(0, places.length);
  for (let start = 0; start < places.length; start += wordsAtOnce) {
    throwIfAborted(signal);
    const some = places.slice(start, start + wordsAtOnce);
    const without = await probabilities(
      some.map((place) => ({ ...asked, text: withoutPart(parts, place) })),
      of,
      signal,
    );
    some.forEach((place, i) => {
      effects[place] = (whole[classIndex] ?? 0) - (without[i]?.[classIndex] ?? 0);
    });
    onProgress?.(Math.min(places.length, start + some.length), places.length);
  }
  return parts.map((part, index) => ({ ...part, effect: effects[index] ?? null }));
}

const numCandidates = 5;

interface Drawing extends Pick<Tryout, "draw" | "openLarge"> {
  dispose(): void;
}

/** How a text task's answers are drawn: by the run's own backbone, and by a large one beside it where that was loaded. */
function drawing(parts: TryoutParts, task: TextTask, held: HeldParams): Drawing {
  const { run, tokenizer, prompter, transformer, backbone } = parts;
  if (prompter === null) throw new Error(`${task.name}: its template was not loaded`);
  let large: Transformer | null = null;
  const readerFor = (beside?: (own: CausalReader) => CausalReader, tuning = run.tuning) =>
    createTextReader(parts, task, { tuning, prompter, ...(beside === undefined ? {} : { beside }) });
  const requireLarge = () => large ?? fail("the large model is not loaded");
  const readers: Readonly<Record<DrawRequest["of"], (a: number) => ReturnType<typeof readerFor>>> = {
    tuned: () => readerFor(),
    own: () => readerFor(),
    small: () => readerFor(),
    before: () => readerFor(undefined, { ...run.tuning, positionsAfterPrefix: false }),
    large: () =>
      readerFor((own) => {
        own.dispose();
        return createCausalReader(requireLarge());
      }),
    proxy: (a) =>
      readerFor((tuned) =>
        createProxyReader({ large: createCausalReader(requireLarge()), tuned, untuned: createCausalReader(transformer) }, a),
      ),
  };
  const exampleOf = (text: string): TextExample =>
    task.kind === "reply" ? { kind: "reply", text, answer: "" } : { kind: "continuation", text };

  return {
    draw(text, { of, a = 1, maxNewTokens, temperature, seed }: DrawRequest, { onStep, signal }: DrawWatch = {}) {
      const params = held.of(of === "own" || of === "before" ? of : "tuned");
      if (of === "large" || of === "proxy") requireLarge();
      const ids: number[] = [];
      let shown = "";
      return readers[of](a).draw(params, exampleOf(text), {
        maxNewTokens,
        temperature,
        topP: 1,
        random: createRandom(seed).stream({ purpose: "try" }),
        signal,
        onChoice({ id, logits, isEnd }) {
          if (!isEnd) ids.push(id);
          const now = tokenizer.decode(ids);
          const added = now.endsWith("\ufffd") ? "" : now.slice(shown.length); // half a letter waits for its other half
          if (added !== "") shown = now;
          const likeliest = likeliestTokens(logits, temperature, numCandidates);
          const candidates = likeliest.map((candidate) => ({ ...candidate, text: tokenizer.decode([candidate.id]) }));
          onStep?.({ text: isEnd ? "" : added, isEnd, probability: probabilityOf(id, logits, temperature), candidates });
        },
      });
    },
    async openLarge(manifestUrl, onProgress, signal) {
      if (large !== null) return;
      const found = await loadBackbone({
        ...parts.ports,
        manifestUrl,
        onProgress: ({ doneBytes, totalBytes }) => onProgress(doneBytes, totalBytes),
        signal,
      });
      requirePair(found, backbone);
      large = createTransformer(found);
    },
    dispose: () => large?.dispose(),
  };
}
