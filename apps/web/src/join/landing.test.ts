import { signal } from "@preact/signals";
import { presets, strategies } from "@tutti/core";
import type { RunInfo } from "@tutti/protocol";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { expect, test } from "vitest";
import { examplesIn, ownExamples } from "../examples/ownExamples.ts";
import { Landing, type LandingProps } from "./landing.tsx";
import { privacySentences } from "./privacy.tsx";
import { durationText } from "./programme.tsx";

/** A run of the demo's settings, as far as a landing page reads it. */
function runOf(changes: object = {}, settings: object = {}): RunInfo {
  const run = { ...presets.demo, task: "feedback/topic", ...settings };
  return { run, keepsStates: true, admission: "open", status: { phase: "running", numConnected: 3 }, ...changes } as unknown as RunInfo;
}

function page(run: RunInfo | null, changes: Partial<LandingProps> = {}): string {
  const nothing = (): void => undefined;
  const props: LandingProps = {
    run,
    problem: null,
    comeback: null,
    hasToken: false,
    wasWrongWord: false,
    downloads: null,
    device: null,
    otherTab: "none",
    table: null,
    nickname: signal(""),
    address: "class.test:8080",
    linkEnd: "#token=a",
    onShowOther: nothing,
    onToken: nothing,
    onJoin: nothing,
    ...changes,
  };
  return renderToString(h(Landing, props));
}

test("before anybody joins the page says what the run is for and who runs it, in the operator's words or in those that it has itself", () => {
  const told = page(runOf({ host: { name: "Kisko school, class 9b", about: "Which customers are unhappy?" } }));
  expect(told).toMatch(/data-testid="hosted-by">Kisko school, class 9b</);
  expect(told).toMatch(/data-testid="headline-purpose">Which customers are unhappy\?</);
  const untold = page(runOf());
  expect(untold).toMatch(/data-testid="hosted-by">The server at class\.test:8080; it gives no name\.</);
  expect(untold).toMatch(/data-testid="headline-purpose">Customer feedback: what is it about\?</);
  expect(untold).toMatch(/data-testid="here-now">3 tabs</);
  expect(page(runOf({ host: { about: "<b>bold</b>" } }))).toContain("&lt;b>bold");
});

test("the page says what is downloaded in bytes, model and script apart, and what the browser has already", () => {
  const downloads = { modelBytes: 9_400_000, scriptBytes: 357_000, keptBytes: 0, unpackedBytes: 40_000_000 };
  const first = page(runOf(), { downloads });
  expect(first).toContain("9.40 MB of model and 357 kB of script, once");
  expect(first).toMatch(/data-testid="run-line">Downloads 9\.76 MB, once\.</);
  const again = page(runOf(), { downloads: { ...downloads, keptBytes: 9_400_000 } });
  expect(again).toContain("357 kB; 9.40 MB are in this browser already");
  const all = page(runOf(), { downloads: { ...downloads, keptBytes: 9_757_000 } });
  expect(all).toContain("Nothing to download: this browser has it all.");
});

test("how long the run lasts is an estimate once a step was measured, and before that the page says what it knows", () => {
  const text = (phase: string, progress: RunInfo["progress"]) =>
    durationText({ status: { phase } as RunInfo["status"], ...(progress === undefined ? {} : { progress }) });
  expect(text("running", { numStepsDone: 4, numSteps: 12, secondsLeft: 129.6 })).toBe("About 2 min 10 s left; 4 of 12 steps done.");
  expect(text("running", { numStepsDone: 1, numSteps: 12, secondsLeft: null })).toMatch(/^1 of 12 steps done\. How long the rest takes/);
  expect(text("waiting", { numStepsDone: 0, numSteps: 12, secondsLeft: null })).toMatch(/^Not begun yet; 12 steps to do\./);
  expect(text("running", undefined)).toBe("Until the run is over, or until you leave.");
});

test("what leaves the tab, what never does and what is kept follow from the run's settings, and do not contradict each other", () => {
  const facts = (keepsStates: boolean, strategy: unknown) => runOf({ keepsStates }, { strategy });
  const kept = privacySentences(facts(true, presets.demo.strategy), true);
  expect(kept.sent.join(" ")).toContain("A copy of its own layers’ parameters");
  expect(kept.never.join(" ")).not.toContain("layers");
  const alone = privacySentences(facts(false, presets.demo.strategy), false);
  expect(alone.sent.join(" ")).not.toContain("copy");
  expect(alone.never).toContain("The parameters of the layers that are not shared.");
  expect(alone.sent.join(" ")).not.toContain("How fast");
  expect(privacySentences(facts(false, strategies.fedPipe.defaults), true).sent.join(" ")).toContain(
    "How fast this computer and its connection are",
  );
  const unknown = privacySentences(null, true);
  expect(unknown.sent.join(" ")).toMatch(/A copy of .* If the run plans for each device/);
  expect(kept.kept[0]).toMatch(/^The model and your place in the run/);
  expect(alone.kept).toEqual([
    "Nothing: its settings forbid it. After a reload, the tab starts again.",
    "Leave or close the tab and training stops here. What was summed into the model before stays in it.",
  ]);
  expect(kept.kept.join(" ")).not.toContain("own examples");
  expect(privacySentences(runOf({}, { roster: "open" }), true).kept.join(" ")).toContain("Your own examples, if you add some, until");
  for (const { never } of [kept, alone, unknown]) expect(never[0]).toBe("Your examples: not one word of them.");
});

test("a finished run takes nobody: it offers the model and the results instead of Join; before the end and while nothing is known there is Join", () => {
  const over = page(runOf({ status: { phase: "done", numConnected: 0 } }), { comeback: "add them again" });
  expect(over).toContain("This run is finished");
  expect(over).toMatch(/href="\.\/try#token=a"[^>]*data-testid="to-try"/);
  expect(over).toMatch(/href="\.\/stage[^"]*"[^>]*data-testid="to-results"/);
  expect(over).not.toMatch(/data-testid="join"|add them again/);
  for (const run of [null, runOf(), runOf({ status: { phase: "waiting", numConnected: 0 } })]) {
    expect(page(run)).toContain('data-testid="join"');
    expect(page(run)).not.toContain("This run is finished");
  }
});

test("own examples are offered where the roster is open, and whoever brings some is told up to which number they count (P-121)", () => {
  const open = (limit: object) => page(runOf({}, { roster: "open", ...limit }));
  expect(open({ maxCountedExamples: 300 })).toContain("They count as at most 300 examples.");
  expect(open({})).not.toContain("count as at most");
  expect(page(runOf({}, { roster: "fixed" }))).not.toContain("source-own");
});

test("examples that this browser kept are what the page begins with; an empty table of own examples does not join", () => {
  const shelf = { read: async () => null, write: async () => undefined, clear: async () => undefined };
  const table = ownExamples(shelf);
  const empty = page(runOf({}, { roster: "open" }), { table, comeback: "add them again" });
  expect(empty).toMatch(/disabled[^>]*data-testid="join"/);
  expect(empty).toContain("Add at least one example first.");
  table.add([{ text: "Too dear", label: 3 }]);
  expect(examplesIn(table.rows.value)).toHaveLength(1);
  const filled = page(runOf({}, { roster: "open" }), { table });
  expect(filled).toMatch(/checked[^>]*data-testid="source-own"/);
  expect(filled).not.toMatch(/disabled[^>]*data-testid="join"/);
  expect(page(runOf({}, { roster: "open", task: "replies" }), { comeback: "again" })).toContain("asks for answers in words");
});

test("another tab of this browser that takes part is named, and can be shown", () => {
  expect(page(runOf(), { otherTab: "found" })).toMatch(/Another tab of this browser already takes part.*data-testid="show-other-tab"/s);
  expect(page(runOf(), { otherTab: "found" })).toContain("Join here as well");
  expect(page(runOf(), { otherTab: "shown" })).toContain("title now begins with ▶");
  expect(page(runOf())).not.toMatch(/other-tab|Join here as well/);
});

test("the page of a run by code word asks for the word unless its address carries it, and by invitation lets nobody join without one", () => {
  const by = (admission: RunInfo["admission"], hasToken: boolean) => page(runOf({ admission }), { hasToken });
  expect(by("code", false)).toMatch(/data-testid="code-word"/);
  expect(by("code", false)).toMatch(/disabled[^>]*data-testid="join"/);
  expect(by("code", true)).not.toMatch(/code-word|disabled/);
  expect(by("open", false)).not.toMatch(/code-word|disabled/);
  expect(by("invitations", false)).toContain("This run is by invitation.");
  expect(by("invitations", false)).not.toContain('data-testid="join"');
  expect(by("invitations", true)).toContain('data-testid="join"');
});

test("a class that types its own texts is offered no share, and a wrong code word is asked for again in a sentence", () => {
  const labels = [
    { name: "happy", word: "happy" },
    { name: "sad", word: "sad" },
  ];
  const run = runOf({ admission: "code" }, { task: "labels/happy.sad", labels, roster: "open" });
  const shown = page(run, { wasWrongWord: true });
  expect(shown).toContain("This class types its own texts.");
  expect(shown).not.toContain("source-share");
  expect(shown).toContain("Read the three words on the wall again");
  expect(page(run)).not.toContain("wrong-word");
});
