/** What asks, and what is told. */
export interface LatestOnlyOptions<Q, A> {
  /** How long nothing newer may come before a question is asked. */
  readonly quietMs: number;
  act(question: Q, signal: AbortSignal): Promise<A>;
  /** The answer to the latest question; a superseded one is dropped. */
  onAnswer(question: Q, answer: A): void;
  onFailure(question: Q, error: unknown): void;
  /** Calls `act` after a time; answers how to call it off. */
  after(ms: number, act: () => void): () => void;
}

/** Asks only the latest of questions that come fast: one that was superseded while it waited is never asked, and while it was answered it is stopped. */
export function latestOnly<Q, A>({ quietMs, act, onAnswer, onFailure, after }: LatestOnlyOptions<Q, A>) {
  let callOff = (): void => undefined;
  let running: AbortController | null = null;

  async function ask(question: Q): Promise<void> {
    running?.abort();
    const own = new AbortController();
    running = own;
    try {
      const answer = await act(question, own.signal);
      if (!own.signal.aborted) onAnswer(question, answer);
    } catch (error) {
      if (!own.signal.aborted) onFailure(question, error);
    }
  }

  return {
    /** Asks when it has been quiet, or at once. */
    put(question: Q, isAtOnce = false): void {
      callOff();
      if (isAtOnce) void ask(question);
      else callOff = after(quietMs, () => void ask(question));
    },
    /** Drops what waits and stops what runs. */
    drop(): void {
      callOff();
      running?.abort();
      running = null;
    },
  };
}
