import { presets, strategies } from "@tutti/core";
import type { RunInfo } from "@tutti/protocol";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { expect, test, vi } from "vitest";
import { Landing, SentAndKept } from "./landing.tsx";

const shown = (keepsStates: boolean, plans = false) => renderToString(h(SentAndKept, { keepsStates, plans })).split("What stays here");

test("where the coordinator keeps devices' states the page says so, and promises their prompts only where it does not", () => {
  const [sent, stays] = shown(true);
  expect(sent).toContain("keeps a copy of the other layers");
  expect(stays).not.toContain("parameters");
  const [sentElsewhere, staysElsewhere] = shown(false);
  expect(sentElsewhere).not.toContain("keeps a copy");
  expect(staysElsewhere).toContain("the parameters of all other layers");
});

test("the page says that the server learns of the machine only where the run plans for each device, or is not known yet", () => {
  vi.stubGlobal("isSecureContext", true);
  expect(shown(true, true)[0]).toContain("how fast this computer and its connection are");
  expect(shown(true)[0]).not.toContain("how fast");
  const page = (strategy: unknown) => {
    const run = {
      run: { task: "feedback/topic", backbone: "minuet", roster: "fixed", strategy },
      status: { phase: "running", numConnected: 0 },
    };
    const props = { problem: null, comeback: null, onJoin: () => undefined };
    return renderToString(h(Landing, { ...props, run: strategy === null ? null : (run as unknown as RunInfo) }));
  };
  expect(page(strategies.fedPipe.defaults)).toContain("how fast this computer");
  expect(page(presets.demo.strategy)).not.toContain("how fast this computer");
  expect(page(null)).toContain("how fast this computer");
  vi.unstubAllGlobals();
});

test("the page of a finished run says so and offers no Join; before the end and while nothing is known it does", () => {
  vi.stubGlobal("isSecureContext", true);
  const page = (phase: RunInfo["status"]["phase"] | null) => {
    const run = {
      run: { task: "feedback/topic", backbone: "minuet", roster: "fixed", strategy: presets.demo.strategy },
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

test("where claims count up to a limit, whoever brings a file is told (P-121)", () => {
  vi.stubGlobal("isSecureContext", true);
  const page = (limit: object) => {
    const run = { ...presets.demo, roster: "open", ...limit };
    const info = { run, keepsStates: false, status: { phase: "running", numConnected: 0 } } as unknown as RunInfo;
    return renderToString(h(Landing, { problem: null, comeback: null, onJoin: () => undefined, hasToken: false, run: info }));
  };
  expect(page({ maxCountedExamples: 300 })).toContain("It counts as at most 300 examples.");
  expect(page({})).not.toContain("counts as at most");
  vi.unstubAllGlobals();
});

test("the page of a run by code word asks for the word unless its address carries it, and by invitation lets nobody join without one", () => {
  vi.stubGlobal("isSecureContext", true);
  const page = (admission: RunInfo["admission"], hasToken: boolean) => {
    const run = {
      run: { task: "feedback/topic", backbone: "minuet", roster: "fixed", strategy: presets.demo.strategy },
      admission,
      status: { phase: "running", numConnected: 0 },
    };
    const props = { problem: null, comeback: null, onJoin: () => undefined, hasToken };
    return renderToString(h(Landing, { ...props, run: run as unknown as RunInfo }));
  };
  expect(page("code", false)).toMatch(/data-testid="code-word"/);
  expect(page("code", false)).toMatch(/disabled[^>]*data-testid="join"/);
  expect(page("code", true)).not.toMatch(/code-word|disabled/);
  expect(page("open", false)).not.toMatch(/code-word|disabled/);
  expect(page("invitations", false)).toContain("This run is by invitation.");
  expect(page("invitations", false)).not.toContain('data-testid="join"');
  expect(page("invitations", true)).toContain('data-testid="join"');
  vi.unstubAllGlobals();
});
