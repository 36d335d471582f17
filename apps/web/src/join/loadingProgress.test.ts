import type { SessionEvent } from "@tutti/client";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { expect, test } from "vitest";
import { idleController } from "../testing/controller.ts";
import { welcomeEvent } from "../testing/events.ts";
import { RunView } from "./runView.tsx";
import { emptyView, nextView, type View } from "./view.ts";

/** The page after events at these times. */
function shownAfter(events: readonly (readonly [SessionEvent, number])[]): string {
  const view = events.reduce<View>((before, [event, nowMs]) => nextView(before, event, nowMs), { ...emptyView, hasJoined: true });
  return renderToString(h(RunView, { view, controller: idleController(view), onJoinAgain: () => undefined }));
}

const loading = (doneBytes: number): SessionEvent => ({
  kind: "loading",
  progress: { phase: "backbone", doneBytes, totalBytes: 9_000_000 },
});

test("while the backbone loads the page shows bytes done and in all, the rate and the time left", () => {
  const html = shownAfter([
    [welcomeEvent, 1000],
    [loading(0), 2000],
    [loading(3_000_000), 6000],
  ]);
  expect(html).toContain('max="9000000" value="3000000"');
  expect(html).toContain("3.00 MB of 9.00 MB");
  expect(html).toContain("750 kB/s · 8 s left");
});

test("in the first half second no rate is shown", () => {
  const html = shownAfter([
    [welcomeEvent, 1000],
    [loading(0), 2000],
    [loading(3_000_000), 2400],
  ]);
  expect(html).toContain("3.00 MB of 9.00 MB");
  expect(html).not.toContain("left</span>");
});

test("a backend that starts and examples that arrive meanwhile leave the download's progress and pace on the page", () => {
  const beside = (phase: "backend" | "dataset"): SessionEvent => ({ kind: "loading", progress: { phase, doneBytes: 70, totalBytes: 0 } });
  const during = shownAfter([
    [welcomeEvent, 1000],
    [loading(0), 2000],
    [beside("backend"), 3000],
    [loading(3_000_000), 6000],
    [beside("dataset"), 6000],
  ]);
  expect(during).toContain("750 kB/s · 8 s left");
  const after = shownAfter([
    [welcomeEvent, 1000],
    [loading(9_000_000), 2000],
    [beside("backend"), 3000],
  ]);
  expect(after).not.toContain("9.00 MB");
});
