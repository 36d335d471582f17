import { type ReadonlySignal, signal } from "@preact/signals";
import { tokenIn } from "@tutti/client";
import { type WatchEvent, type WatchProblem, watchRun } from "@tutti/client/watch";
import type { Live } from "@tutti/protocol";

/** How the stage hears of the run. */
export type LinkState = "connecting" | "online" | "retrying" | "closed";

/** Why the feed is not there. */
export interface FeedProblem {
  readonly problem: WatchProblem;
  readonly detail: string | null;
}

/** The feed as the page shows it: what comes while a frame is drawn is drawn in the next one, and nothing while the page is hidden. */
export interface StageFeed {
  readonly live: ReadonlySignal<Live | null>;
  /** When the latest status came, in milliseconds of `performance.now()`. */
  readonly heardAt: ReadonlySignal<number>;
  readonly link: ReadonlySignal<LinkState>;
  readonly problem: ReadonlySignal<FeedProblem | null>;
  /** Why the coordinator has closed; null while it is there. */
  readonly goodbye: ReadonlySignal<string | null>;
  /** Whether a word was typed that lets nobody in. */
  readonly isWrongWord: ReadonlySignal<boolean>;
  /** The code word or token that the page brings. */
  readonly token: ReadonlySignal<string | null>;
  /** Tries again with a word that was typed; the page's address carries it from then on. */
  bring(word: string): void;
}

/** What a feed is asked for with. */
export interface StageFeedOptions {
  readonly folder: string;
  /** The operator's; null where the page has none. */
  readonly operatorToken: string | null;
}

/** Watches the run from here on. */
export function createStageFeed({ folder, operatorToken }: StageFeedOptions): StageFeed {
  const live = signal<Live | null>(null);
  const heardAt = signal(0);
  const link = signal<LinkState>("connecting");
  const problem = signal<FeedProblem | null>(null);
  const goodbye = signal<string | null>(null);
  const isWrongWord = signal(false);
  const token = signal(operatorToken ?? tokenIn(location.href));
  let latest: { readonly live: Live; readonly at: number } | null = null;
  let frame = 0;

  function draw(): void {
    frame = 0;
    if (latest === null) return;
    heardAt.value = latest.at;
    live.value = latest.live;
  }

  function heard(event: WatchEvent): void {
    switch (event.kind) {
      case "connecting":
        if (live.value === null) link.value = "connecting";
        return;
      case "live":
        latest = { live: event.live, at: performance.now() };
        link.value = "online";
        problem.value = null;
        goodbye.value = null;
        isWrongWord.value = false;
        // a hidden page is given no frames: what comes meanwhile is drawn when it is looked at again
        if (frame === 0) frame = requestAnimationFrame(draw);
        return;
      case "retrying":
        link.value = "retrying";
        if (goodbye.value === null) problem.value = { problem: event.problem, detail: null };
        return;
      case "goodbye":
        goodbye.value = event.reason;
        link.value = "closed";
        return;
      case "refused":
        link.value = "closed";
        problem.value = { problem: event.problem, detail: event.detail };
    }
  }

  let abort = new AbortController();
  const watch = (): void => {
    abort.abort();
    abort = new AbortController();
    void watchRun({ folder, token: token.value, signal: abort.signal, onEvent: heard });
  };
  watch();
  return {
    live,
    heardAt,
    link,
    problem,
    goodbye,
    isWrongWord,
    token,
    bring(word) {
      token.value = word;
      isWrongWord.value = true; // until the feed is there
      problem.value = null;
      location.replace(fragmentFor(word)); // a reload finds it in the address
      if (isOperatorToken(word)) return location.reload();
      watch();
    },
  };
}

/** An operator's token, 32 random letters and digits (P-106): no code word that people are given has this form. */
function isOperatorToken(word: string): boolean {
  return /^[A-Za-z0-9_-]{32}$/.test(word);
}

/** How the address keeps what was typed: the operator's token as the operator's link has it, so that the wall does not show it as the word to join with. */
export function fragmentFor(word: string): string {
  return `#${new URLSearchParams({ [isOperatorToken(word) ? "operator" : "token"]: word })}`;
}
