import { writeEvent } from "@tutti/protocol";
import { expect, test } from "vitest";
import { type WatchEvent, watchRun } from "./watch.ts";

const traffic = { up: 0, down: 0 };
const status = {
  runId: "r1",
  phase: "running",
  stage: "train",
  round: 2,
  numRounds: 6,
  step: 1,
  attempt: 1,
  numConnected: 0,
  numDevices: 0,
  numPaused: 0,
  tasksOut: 0,
  tasksIn: 0,
  layerScores: null,
  selectedLayers: null,
  keepFraction: null,
  bytes: { score: traffic, count: traffic, train: traffic, evaluation: traffic },
  allLayersF32: traffic,
  message: null,
  deadlineMs: null,
};
const whole = { status, sizes: { layers: [], others: 0 }, devices: [], rounds: [], orders: [] };

function feed(...pieces: readonly string[]): Response {
  const body = new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream; charset=utf-8" } });
}

/** Watches until there are as many events, or the coordinator refuses for good. */
async function watch(answers: readonly (() => Promise<Response>)[], numEvents: number, token?: string) {
  const abort = new AbortController();
  const events: WatchEvent[] = [];
  const asked: { readonly url: string; readonly headers: Headers }[] = [];
  await watchRun({
    folder: "https://run.example/class/",
    signal: abort.signal,
    pause: async () => undefined,
    ...(token === undefined ? {} : { token }),
    fetch: (url, { headers }) => {
      const answer = answers[asked.length];
      asked.push({ url, headers: new Headers(headers) });
      return answer === undefined ? Promise.reject(new Error("nobody is there")) : answer();
    },
    onEvent(event) {
      events.push(event);
      if (events.length >= numEvents) abort.abort();
    },
  });
  return { events, asked };
}

test("a watcher has the whole after each event, under the address's path and with its word", async () => {
  const text = `retry: 2000\n\n${writeEvent("whole", 0, whole)}${writeEvent("change", 1, { status: { ...status, round: 3 } })}${writeEvent("later", 2, {})}`;
  const cut = text.indexOf('"round":3');
  const { events, asked } = await watch([async () => feed(text.slice(0, cut), text.slice(cut))], 4, "blå bär");
  expect(events.map(({ kind }) => kind)).toEqual(["connecting", "live", "live", "retrying"]);
  expect(events.flatMap((event) => (event.kind === "live" ? [event.live.status.round] : []))).toEqual([2, 3]);
  expect(asked[0]?.url).toBe("https://run.example/class/live");
  expect(asked[0]?.headers.get("authorization")).toBe("Bearer bl%C3%A5%20b%C3%A4r");
});

test("after a break the feed is asked for again, and begins with a whole", async () => {
  const { events } = await watch([async () => feed(writeEvent("whole", 0, whole)), async () => feed(writeEvent("whole", 5, whole))], 5);
  expect(events.map(({ kind }) => kind)).toEqual(["connecting", "live", "retrying", "connecting", "live"]);
});

test.each([
  [401, { error: "not everybody may watch this run" }, "unauthorised", "not everybody may watch this run"],
  [403, { error: "the request comes from elsewhere" }, "foreign", "the request comes from elsewhere"],
  [404, "no JSON", "notLive", null],
  [200, { hello: 1 }, "notLive", null],
] as const)("an answer %i is said and not asked for again", async (code, body, problem, detail) => {
  const { events, asked } = await watch([async () => Response.json(body, { status: code })], 9);
  expect(asked).toHaveLength(1);
  expect(events.at(-1)).toEqual({ kind: "refused", problem, detail });
});

test("a feed that does not fit is said with its place", async () => {
  const wrong = { ...whole, status: { ...status, round: "three" } };
  const { events } = await watch([async () => feed(writeEvent("whole", 0, wrong))], 9);
  expect(events.at(-1)).toMatchObject({ kind: "refused", problem: "notUnderstood", detail: expect.stringMatching(/^status\.round: /) });
  const early = await watch([async () => feed(writeEvent("change", 1, {}))], 9);
  expect(early.events.at(-1)).toEqual({ kind: "refused", problem: "notUnderstood", detail: "a change before the whole" });
  const broken = await watch([async () => feed("event: whole\ndata: {\n\n")], 9);
  expect(broken.events.at(-1)).toMatchObject({ problem: "notUnderstood" });
});

test("goodbye is told with its reason, and where nobody answers the feed is asked for again", async () => {
  const { events } = await watch(
    [async () => feed(writeEvent("goodbye", 3, { reason: "closing", message: "the operator stopped the run" }))],
    3,
  );
  expect(events[1]).toEqual({ kind: "goodbye", reason: "closing", message: "the operator stopped the run" });
  expect((await watch([], 2)).events.at(-1)).toEqual({ kind: "retrying", problem: "silent" });
});
