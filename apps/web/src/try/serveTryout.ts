import type { LoadProgress, Tryout, TryoutSetup } from "@tutti/model";
import type { Port } from "@tutti/model/bridge";
import type { AskName, Asks, TryReply, TryRequest } from "./bridge.ts";

/** What the worker is handed. */
export interface ServePorts {
  open(setup: TryoutSetup, onProgress: (progress: LoadProgress) => void, signal: AbortSignal): Promise<Tryout>;
  onThreads(ports: readonly MessagePort[]): void;
  /** Addresses of what was fetched so far. */
  fetched(): readonly string[];
}

type Handlers = {
  readonly [N in AskName]: (
    sent: Asks[N]["sent"],
    watch: { readonly onProgress: (progress: Asks[N]["progress"]) => void; readonly signal: AbortSignal },
  ) => Promise<Asks[N]["answer"]>;
};

/** The worker's end of the bridge: answers each question, also when it fails. */
export function serveTryout(port: Port<TryRequest, TryReply>, ports: ServePorts): void {
  const running = new Map<number, AbortController>();
  const handlers = handlersOf(ports);

  async function answer(request: Exclude<TryRequest, { name: "abort" | "threads" }>): Promise<void> {
    const { id, name, sent } = request;
    const abort = new AbortController();
    running.set(id, abort);
    try {
      const handler = handlers[name] as (sent: unknown, watch: object) => Promise<unknown>;
      const onProgress = (progress: unknown) => port.postMessage({ id, kind: "progress", progress });
      port.postMessage({ id, kind: "answer", answer: await handler(sent, { onProgress, signal: abort.signal }) });
    } catch (error) {
      const { name: kind, message } = error instanceof Error ? error : new Error(String(error));
      port.postMessage({ id, kind: "failure", name: kind, message });
    } finally {
      running.delete(id);
    }
  }

  port.addEventListener("message", ({ data, ports: [...threads] = [] }) => {
    if (data.name === "abort") running.get(data.id)?.abort();
    else if (data.name === "threads") ports.onThreads(threads);
    else void answer(data);
  });
}

function handlersOf({ open, fetched }: ServePorts): Handlers {
  let opened: Tryout | null = null;
  const tryout = (): Tryout => {
    if (opened === null) throw new Error("the model is not loaded yet");
    return opened;
  };
  return {
    async open(setup, { onProgress, signal }) {
      opened = await open(setup, onProgress, signal);
      return opened.ready;
    },
    takeTuned: async (file) => tryout().takeTuned(file),
    async takeOwn(local) {
      tryout().takeOwn(local);
      return null;
    },
    async ask({ texts, of }, { signal }) {
      const answers: Record<string, readonly (readonly number[])[]> = {};
      for (const answerer of of) answers[answerer] = await tryout().probabilities(texts, answerer, signal);
      return answers;
    },
    fit: async (text) => tryout().fit(text),
    words: ({ text, ...question }, { onProgress, signal }) =>
      tryout().wordEffects(text, { ...question, signal, onProgress: (numDone, numWords) => onProgress({ numDone, numWords }) }),
    draw: async ({ text, request }, { onProgress, signal }) => tryout().draw(text, request, { onStep: onProgress, signal }),
    async openLarge(manifestUrl, { onProgress, signal }) {
      await tryout().openLarge(manifestUrl, (doneBytes, totalBytes) => onProgress({ doneBytes, totalBytes }), signal);
      return null;
    },
    promptsFile: async () => tryout().promptsFile(),
    fetched: async () => fetched(),
  };
}
