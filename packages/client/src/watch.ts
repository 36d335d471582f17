import {
  applyChange,
  createEventReader,
  type Live,
  liveChangeSchema,
  liveGoodbyeSchema,
  liveSchema,
  type StreamedEvent,
} from "@tutti/protocol";

/** Why a feed is not there: nobody answers, what answers has no feed, a word or token is missing or wrong, the page is another website's, as many watch as may, or the feed is another version's. */
export type WatchProblem = "silent" | "notLive" | "unauthorised" | "foreign" | "full" | "notUnderstood";

/** What somebody who watches a run is told. */
export type WatchEvent =
  | { readonly kind: "connecting" }
  /** The whole after each event of the feed; the data of the event as it came. */
  | { readonly kind: "live"; readonly event: "whole" | "change"; readonly data: string; readonly live: Live }
  /** The feed is gone and is asked for again. */
  | { readonly kind: "retrying"; readonly problem: WatchProblem }
  | { readonly kind: "goodbye"; readonly reason: string; readonly message: string | null }
  /** The feed is not asked for again; `detail` is what does not fit, or what the coordinator says. */
  | { readonly kind: "refused"; readonly problem: WatchProblem; readonly detail: string | null };

/** Which run is watched, and by whom. */
export interface WatchOptions {
  /** The folder of the run's pages, with a slash at its end. */
  readonly folder: string;
  /** The code word, or the operator's token. */
  readonly token?: string | null;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Waits before the feed is asked for again. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
  onEvent(event: WatchEvent): void;
}

/** Milliseconds before the feed is asked for again. */
const retryMs = 2000;

/** A feed says something every 15 s; one that is silent for longer is gone, as behind a network that changed. */
const silenceMs = 45_000;

/** Watches a run until the signal ends it, or its coordinator refuses; comes back after each break. */
export async function watchRun(options: WatchOptions): Promise<void> {
  const { signal, onEvent, pause = wait } = options;
  while (!signal.aborted) {
    onEvent({ kind: "connecting" });
    const end = await readFeed(options).catch((): FeedEnd => ({ problem: "silent", isFinal: false, detail: null }));
    if (signal.aborted) return;
    const { problem, isFinal, detail } = end;
    if (isFinal) return onEvent({ kind: "refused", problem, detail });
    onEvent({ kind: "retrying", problem });
    await pause(retryMs, signal);
  }
}

interface FeedEnd {
  readonly problem: WatchProblem;
  readonly isFinal: boolean;
  readonly detail: string | null;
}

async function readFeed({ folder, token, signal, fetch: ask = fetch, onEvent }: WatchOptions): Promise<FeedEnd> {
  const headers: Record<string, string> = { accept: "text/event-stream" };
  if (token != null) headers.authorization = `Bearer ${encodeURIComponent(token)}`;
  const silence = createSilence(signal);
  try {
    const answer = await ask(new URL("live", folder).href, { headers, signal: silence.signal, cache: "no-store", credentials: "omit" });
    const refused = await refusalOf(answer);
    if (refused !== null) return refused;
    let live: Live | null = null;
    const { read } = createEventReader();
    const decoder = new TextDecoder();
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { problem: "silent", isFinal: false, detail: null };
      silence.broken();
      for (const event of read(decoder.decode(value, { stream: true }))) {
        const next = understand(event, live);
        if ("problem" in next) return next;
        live = next.live;
        for (const told of next.events) onEvent(told);
      }
    }
  } finally {
    silence.stop();
  }
}

const refusals: Readonly<Record<number, { readonly problem: WatchProblem; readonly isFinal: boolean }>> = {
  401: { problem: "unauthorised", isFinal: true },
  403: { problem: "foreign", isFinal: true },
  404: { problem: "notLive", isFinal: true },
  421: { problem: "foreign", isFinal: true },
  429: { problem: "unauthorised", isFinal: false }, // too many wrong words came from here
  503: { problem: "full", isFinal: false },
};

async function refusalOf(answer: Response): Promise<FeedEnd | null> {
  const isFeed = (answer.headers.get("content-type") ?? "").startsWith("text/event-stream");
  if (answer.ok && isFeed && answer.body !== null) return null;
  const said: unknown = await answer.json().catch(() => null);
  const known = refusals[answer.status] ?? { problem: answer.ok ? "notLive" : "silent", isFinal: answer.ok };
  return { ...known, detail: errorIn(said) };
}

/** The sentence with which a coordinator refuses. */
function errorIn(said: unknown): string | null {
  const error = typeof said === "object" && said !== null && "error" in said ? said.error : null;
  return typeof error === "string" ? error.slice(0, 500).replace(/\p{Cc}+/gu, " ") : null; // also shown on a terminal
}

interface Understood {
  readonly live: Live | null;
  readonly events: readonly WatchEvent[];
}

/** What an event of the feed says; events that are added later are left out. */
function understand({ event, data }: StreamedEvent, live: Live | null): Understood | FeedEnd {
  const value = parseJson(data);
  if (event === "goodbye") {
    const { reason, message = null } = liveGoodbyeSchema.safeParse(value).data ?? { reason: "closing" };
    return { live, events: [{ kind: "goodbye", reason, message }] };
  }
  if (event !== "whole" && event !== "change") return { live, events: [] };
  const parsed = event === "whole" ? liveSchema.safeParse(value) : liveChangeSchema.safeParse(value);
  if (!parsed.success) return { problem: "notUnderstood", isFinal: true, detail: faultOf(parsed.error) };
  if (event === "change" && live === null) return { problem: "notUnderstood", isFinal: true, detail: "a change before the whole" };
  const next = "sizes" in parsed.data ? parsed.data : applyChange(live as Live, parsed.data);
  return { live: next, events: [{ kind: "live", event, data, live: next }] };
}

/** Undefined, which fits nothing, for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function faultOf({
  issues: [first],
}: {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}): string {
  return first === undefined ? "" : `${first.path.join(".") || "the event"}: ${first.message}`;
}

/** A signal that also aborts when nothing was said for too long. */
function createSilence(outer: AbortSignal) {
  const abort = new AbortController();
  const end = () => abort.abort();
  outer.addEventListener("abort", end, { once: true });
  if (outer.aborted) end();
  let timer = setTimeout(end, silenceMs);
  return {
    signal: abort.signal,
    broken() {
      clearTimeout(timer);
      timer = setTimeout(end, silenceMs);
    },
    stop() {
      clearTimeout(timer);
      outer.removeEventListener("abort", end);
    },
  };
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener("abort", over);
  });
}
