import type { RunInfo } from "@tutti/protocol";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { expect, test, vi } from "vitest";
import { Landing, SentAndKept } from "./landing.tsx";

const shown = (keepsStates: boolean) => renderToString(h(SentAndKept, { keepsStates })).split("What stays here");

test("where the coordinator keeps devices' states the page says so, and promises their prompts only where it does not", () => {
  const [sent, stays] = shown(true);
  expect(sent).toContain("keeps a copy of the other layers");
  expect(stays).not.toContain("parameters");
  const [sentElsewhere, staysElsewhere] = shown(false);
  expect(sentElsewhere).not.toContain("keeps a copy");
  expect(staysElsewhere).toContain("the parameters of all other layers");
});

test("the page of a finished run says so and offers no Join; before the end and while nothing is known it does", () => {
  vi.stubGlobal("isSecureContext", true);
  const page = (phase: RunInfo["status"]["phase"] | null) => {
    const run = {
      run: { task: "feedback/topic", backbone: "minuet", roster: "fixed" },
      keepsStates: true,
      status: { phase, numConnected: 0 },
    };
    const props = { problem: null, comeback: "choose the file again", onJoin: () => undefined };
    return renderToString(h(Landing, { ...props, run: phase === null ? null : (run as unknown as RunInfo) }));
  };
  expect(page("done")).toContain("This run is finished: there is nothing left to train.");
  expect(page("done")).toContain("model minuet");
  expect(page("done")).not.toMatch(/data-testid="join"|no tab is connected|choose the file/);
  for (const phase of ["waiting", "running", null] as const) {
    expect(page(phase)).toContain('data-testid="join"');
    expect(page(phase)).not.toContain("finished");
  }
  vi.unstubAllGlobals();
});
