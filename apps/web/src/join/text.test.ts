import type { SessionEvent } from "@tutti/client";
import { presets } from "@tutti/core";
import type { Status } from "@tutti/protocol";
import { expect, test } from "vitest";
import { emptyStatus, readyEvent, taskOf, welcomeEvent } from "../testing/events.ts";
import { words } from "../words/words.ts";
import type { RestReason } from "./resting.ts";
import { announcement, explanation, headline, notKeptNotice, talksTo } from "./text.ts";
import { emptyView, nextView, type PageEvent, pageStateOf, type View } from "./view.ts";

const after = (events: readonly PageEvent[], start: Partial<View> = {}): View =>
  events.reduce<View>((view, event) => nextView(view, event, 0), { ...emptyView, hasJoined: true, ...start });
const explained = (view: View): string => explanation(pageStateOf(view), view).text;
const languageOf = (view: View) => explanation(pageStateOf(view), view).lang;
const status = (changes: Partial<Status>): SessionEvent => ({ kind: "status", status: { ...emptyStatus, ...changes } });

test("a tab without a device is not promised a turn", () => {
  const view = after([welcomeEvent, { ...readyEvent, deviceIds: [], numExamples: 0 } as SessionEvent, status({ stage: "train" })]);
  expect(headline("waiting", view)).toBe("Ready, waiting for a device");
  expect(explained(view)).toMatch(/^Other tabs host all devices of this run at the moment\. Leave this tab open: it gets the next device/);
  const waiting = nextView(view, status({ phase: "waiting", message: "2 of 4 devices have registered" }), 0);
  expect(explained(waiting)).toMatch(/^2 of 4 devices have registered\. Other tabs host all devices/);
});

test("what the server says as a kind is the page's own sentence; what it says in English alone is marked as English", () => {
  const said = { phase: "waiting", message: "the only connected tab is paused", said: [{ kind: "allPaused", count: 1 }] } as const;
  const worded = nextView(after([welcomeEvent, readyEvent]), status(said), 0);
  expect(explained(worded)).toBe("Every connected tab is paused (1).");
  expect(languageOf(worded)).toBeUndefined();
  const waiting = nextView(after([welcomeEvent, readyEvent]), status({ phase: "waiting", message: said.message }), 0);
  expect(languageOf(waiting)).toBe("en");
  const failed = after([welcomeEvent, { kind: "ended", end: { reason: "failed", message: "no room" } }]);
  expect(languageOf(failed)).toBe("en");
  const left = after([welcomeEvent, { kind: "ended", end: { reason: "left" } }]);
  expect(languageOf(left)).toBeUndefined();
});

test("a lottery is spoken of only where fewer devices are drawn than there are", () => {
  const view = after([welcomeEvent, readyEvent]);
  const { cohortSize } = presets.demo;
  expect(headline("waiting", view)).toBe("Ready, waiting for this tab’s turn");
  expect(explained(nextView(view, status({ numDevices: cohortSize + 1 }), 0))).toMatch(
    /picks some devices at random. Leave this tab open: its turn may come/,
  );
  expect(explained(nextView(view, status({ numDevices: cohortSize }), 0))).toMatch(/^Every device takes part in every round/);
  expect(explained(nextView(view, status({ phase: "waiting", message: "the only connected tab is paused" }), 0))).toBe(
    "The only connected tab is paused.",
  );
});

test("a notice stays through all that follows, and is said once", () => {
  const notice: PageEvent = { kind: "notice", message: "nothing is kept" };
  const later: SessionEvent[] = [
    { kind: "connection", state: "online" },
    welcomeEvent,
    readyEvent,
    { kind: "problem", message: "a task could not be done" },
    { kind: "taskStarted", task: taskOf(3) },
    { kind: "taskEnded", task: taskOf(3), outcome: "accepted", numBytes: 900 },
    { kind: "connection", state: "retrying" },
    { kind: "connection", state: "online" },
    { kind: "ended", end: { reason: "left" } },
  ];
  for (let count = 0; count <= later.length; count++) {
    expect(after([notice, notice, ...later.slice(0, count)]).notices).toEqual(["nothing is kept"]);
  }
});

test("where the browser keeps nothing, no sentence promises that a place or work is kept", () => {
  const blocked = new DOMException("The operation is insecure.", "SecurityError");
  expect(notKeptNotice(blocked, false)).toBe(
    "This browser keeps nothing of this tab’s work (its settings forbid it; allow this site to store data). After a reload, the tab starts again.",
  );
  expect(notKeptNotice(blocked, true)).toMatch(/^This browser keeps nothing .* The reload lost it, and the tab has started again\.$/);
  expect(notKeptNotice(new Error("another tab holds an older version"), false)).toContain("(another tab holds an older version)");
  for (const end of [{ reason: "left" }, { reason: "reload", message: "" }] as const) {
    const ended: SessionEvent = { kind: "ended", end };
    expect(explained(after([welcomeEvent, ended]))).toMatch(/is kept|keeps your place/);
    expect(explained(after([welcomeEvent, ended], { isKept: false }))).toMatch(/starts again/);
    expect(explained(after([welcomeEvent, ended], { isKept: false }))).not.toMatch(/is kept|keeps your place/);
  }
  expect(words.notices.chooseAgain(true)).toMatch(/Add the same ones again; the tab then continues where it was\.$/);
  expect(words.notices.chooseAgain(false)).toMatch(/starts again, because this browser keeps nothing/);
});

test("the page names the other place that it speaks with", () => {
  const folder = "https://host.example/tutti/";
  for (const own of [null, "backbones/minuet/manifest.json", "https://host.example/elsewhere/manifest.json"]) {
    expect(talksTo(own, folder)).toBe("It talks only to this server.");
  }
  expect(talksTo("https://cdn.example:8443/b/manifest.json", folder)).toBe(
    "It talks to this server and downloads the model from cdn.example:8443.",
  );
});

test("a tab that waits while others measure or test says so, with how many are done", () => {
  const probing = status({ phase: "running", stage: "count", round: 2, stepKind: "probe", tasksIn: 1, tasksOut: 1, numDevices: 40 });
  const view = after([welcomeEvent, readyEvent, probing]);
  expect(headline("waiting", view)).toBe("Other devices are measuring how many layers are needed");
  expect(explained(view)).toBe("1 of 2 devices in this step is done. Leave this tab open: its turn may come.");
  const kinds = ["train", "evaluate", "score", "probe", "logits", "distil", "answers"] as const;
  for (const stepKind of kinds) expect(headline("waiting", after([welcomeEvent, readyEvent, status({ stepKind })]))).not.toBe("");
});

test("devices that are loading are counted, where the status says only that none has registered", () => {
  const loading = status({ phase: "waiting", message: "0 of 20 devices have registered", numDevices: 0, numLoading: 20 });
  const sentence = "20 devices are loading in the tabs that are here; 0 of 20 are ready.";
  expect(explained(after([welcomeEvent, loading]))).toBe(sentence);
  expect(explained(after([welcomeEvent, readyEvent, loading]))).toBe(sentence);
});

test("every rest has its headline and says how it ends; a task that stands still is spoken of", () => {
  const resting = (reason: RestReason, isHeld: boolean): View =>
    after([
      welcomeEvent,
      readyEvent,
      { kind: "taskStarted", task: taskOf(3) },
      { kind: "rest", reason, isHeld },
      { kind: "paused", isPaused: true },
    ]);
  expect(headline("paused", resting("user", true))).toBe("Paused");
  expect(explained(resting("user", true))).toBe(
    "This tab does nothing until you resume, also after a reload. The task it had begun waits here for 20 s; then it goes back, so that nobody waits for it.",
  );
  expect(pageStateOf(resting("user", true))).toBe("paused");
  expect(pageStateOf(resting("afterTask", false))).toBe("pausing");
  const lines = (["dataCap", "notCharging", "notIdle", "hidden"] as const).map((reason) => headline("paused", resting(reason, true)));
  expect(lines).toEqual([
    "Paused: your data limit is reached",
    "Resting until this computer charges",
    "Resting while you use this computer",
    "Resting until you look at this tab",
  ]);
});

test("a coordinator that said goodbye has stopped, one that is gone without a word does not answer", () => {
  const stopped = after([welcomeEvent, readyEvent, { kind: "connection", state: "stopped" }]);
  expect(headline(pageStateOf(stopped), stopped)).toBe("The run has been stopped");
  expect(explained(stopped)).toMatch(/^The coordinator said goodbye and has ended/);
  const gone = after([welcomeEvent, readyEvent, { kind: "connection", state: "retrying" }]);
  expect(headline(pageStateOf(gone), gone)).toBe("The coordinator does not answer");
});

test("what is said aloud names the stage once it has begun, and no round: the first has no number, the others go by", () => {
  const said = (changes: Partial<Status>) => announcement(after([welcomeEvent, readyEvent, status(changes)]));
  expect(said({ stage: "score", round: 0, numRounds: 1, layerScores: [1] })).toBe("Ready, waiting for this tab’s turn");
  expect(said({ stage: "train", round: 3, numRounds: 12 })).toBe("Ready, waiting for this tab’s turn. Training.");
  expect(announcement(emptyView)).toBe("");
});
