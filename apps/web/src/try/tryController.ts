import type { ReadonlySignal } from "@preact/signals";
import type { DrawRequest } from "@tutti/model";
import type { PageParams } from "../join/queryParams.ts";
import { textOfError } from "../saying/spoken.ts";
import type { Asker } from "./asker.ts";
import { askedText, createAsking } from "./asking.ts";
import { drawAll } from "./drawing.ts";
import { loadLarge } from "./largeModel.ts";
import { openRun } from "./opening.ts";
import { lookForNewer, takeOwn, takeTuned } from "./takingTuned.ts";
import { createTryContext } from "./tryContext.ts";
import type { Question, TryView } from "./tryView.ts";
import { weighWords } from "./weighingWords.ts";

/** What the page can do. */
export interface TryController {
  readonly view: ReadonlySignal<TryView>;
  /** Null until the model is loaded. */
  asker(): Asker | null;
  type(question: Question): void;
  /** The next of the run's own texts. */
  useExample(): void;
  showWords(classIndex: number): void;
  stopWords(): void;
  chooseDevice(deviceId: number | null): void;
  /** Takes the newer parameters that are there. */
  useNewer(): void;
  /** What lets this browser into the run. */
  bring(token: string): void;
  /** Draws answers of text, one after the other. */
  draw(request: Omit<DrawRequest, "of">): void;
  stopDrawing(): void;
  /** Adds the text to this browser's own examples, with the class that is right. */
  addOwn(label: number): Promise<void>;
  /** Downloads the run's large model. */
  loadLarge(): void;
}

const lookEveryMs = 15_000;

/** Loads the run, the model and what was tuned, and answers questions. */
export function createTryController(params: PageParams): TryController {
  const context = createTryContext();
  const { view, show } = context;
  const asking = createAsking(context);
  let weighing = new AbortController();
  let drawing = new AbortController();

  function stopWords(): void {
    weighing.abort();
    show({ words: null });
  }

  function type(question: Question): void {
    stopWords();
    show({ question });
    asking.again(false);
  }

  const refresh = (isTaken: boolean): void => {
    if (!isTaken) return;
    stopWords();
    asking.again(true);
  };

  async function begin(): Promise<void> {
    await openRun(context, params, type);
    asking.again(true); // the answer before tuning waits for nothing else
    refresh(await takeTuned(context));
    setInterval(() => void lookForNewer(context).then(refresh), lookEveryMs);
  }

  begin().catch((error: unknown) => show({ loading: { kind: "failed", problem: textOfError(error) } }));

  return {
    view,
    asker: () => context.asker,
    type,
    useExample() {
      const { examples, question } = view.value;
      const at = examples.findIndex(({ text }) => text === question.text);
      const next = examples[(at + 1) % examples.length];
      if (next !== undefined) type(next);
    },
    showWords(classIndex) {
      stopWords();
      weighing = new AbortController();
      void weighWords(context, classIndex, weighing.signal);
    },
    stopWords,
    chooseDevice: (deviceId) => void takeOwn(context, deviceId).then(() => refresh(true)),
    useNewer: () => void takeTuned(context).then(refresh),
    bring(token) {
      context.token = token;
      const fragment = new URLSearchParams(location.hash.slice(1));
      fragment.set("token", token);
      history.replaceState(null, "", `#${fragment}`); // a reload finds it in the address
      void takeTuned(context).then(refresh);
    },
    draw(request) {
      const { asker } = context;
      drawing.abort();
      drawing = new AbortController();
      if (asker !== null) void drawAll({ asker, view, show, request, signal: drawing.signal });
    },
    async addOwn(label) {
      await context.ownTable?.add({ ...askedText(view.value.question), label });
    },
    stopDrawing: () => drawing.abort(),
    loadLarge() {
      const { asker, folder } = context;
      if (asker !== null) void loadLarge({ asker, view, show, folder });
    },
  };
}
