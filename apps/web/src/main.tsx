import "./noEval.ts";
import { signal } from "@preact/signals";
import type { RunInfo } from "@tutti/protocol";
import { render } from "preact";
import { createJoinController } from "./join/controller.ts";
import { JoinPage } from "./join/joinPage.tsx";
import { pageFolder } from "./join/pageFolder.ts";
import { readPageParams } from "./join/queryParams.ts";
import { rememberedJoin } from "./join/rejoin.ts";
import { fetchRunInfo } from "./join/runInfo.ts";
import { loadPreferredWords } from "./words/preferred.ts";
import { words } from "./words/words.ts";

await loadPreferredWords();

const params = readPageParams(location.search);
const controller = createJoinController(params);
const run = signal<RunInfo | null>(null);
const runProblem = signal<string | null>(null);

fetchRunInfo(pageFolder()).then(
  (found) => {
    run.value = found;
  },
  (error: unknown) => {
    runProblem.value = error instanceof Error ? error.message : String(error);
  },
);

// A page that comes back from the back-forward cache has lost its socket and its lock.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

const [navigation] = performance.getEntriesByType("navigation");
const isReload = navigation instanceof PerformanceNavigationTiming && navigation.type !== "navigate";
const before = rememberedJoin(pageFolder());
if (params.isAuto || before?.source === "share") controller.join({ kind: "share" }, isReload ? before : null);
const comeback = isReload && before?.source === "own" ? words.notices.chooseAgain(before.isKept) : null;

const root = document.getElementById("page");
if (root !== null) {
  root.replaceChildren();
  render(<JoinPage controller={controller} run={run} runProblem={runProblem} comeback={comeback} />, root);
}
