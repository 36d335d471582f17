import type { Port } from "@tutti/model/bridge";
import type { AskName, Asks, TryReply, TryRequest } from "./bridge.ts";

/** Who watches a question being answered, and may stop it. */
export interface Watching<N extends AskName> {
  readonly onProgress?: ((progress: Asks[N]["progress"]) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The page's end of the bridge to the worker that answers. */
export interface Asker {
  ask<N extends AskName>(name: N, sent: Asks[N]["sent"], watching?: Watching<N>): Promise<Asks[N]["answer"]>;
  /** Rejects all that is open, for when the worker dies. */
  fail(error: Error): void;
}

interface Question {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ((progress: never) => void) | undefined;
}

/** Asks over a port. A question whose signal fires is rejected by the worker with an AbortError. */
export function createAsker(port: Port<TryReply, TryRequest>): Asker {
  const questions = new Map<number, Question>();
  let lastId = 0;
  let failure: Error | null = null;

  port.addEventListener("message", ({ data }) => {
    const question = questions.get(data.id);
    if (question === undefined) return;
    if (data.kind === "progress") return question.onProgress?.(data.progress as never);
    questions.delete(data.id);
    if (data.kind === "answer") question.resolve(data.answer as never);
    else question.reject(Object.assign(new Error(data.message), { name: data.name }));
  });

  return {
    ask(name, sent, { onProgress, signal } = {}) {
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        if (failure !== null) return reject(failure);
        questions.set(id, { resolve, reject, onProgress });
        port.postMessage({ id, name, sent } as TryRequest);
        const abort = (): void => void (questions.has(id) && port.postMessage({ id, name: "abort" }));
        if (signal?.aborted === true) abort();
        signal?.addEventListener("abort", abort, { once: true });
      });
    },
    fail(error) {
      failure = error;
      for (const question of questions.values()) question.reject(error);
      questions.clear();
    },
  };
}
