import "./noEval.ts";
import { signal } from "@preact/signals";
import type { RunInfo } from "@tutti/protocol";
import { render } from "preact";
import { createJoinController } from "./join/controller.ts";
import { ownSource } from "./join/dataSource.ts";
import { JoinPage } from "./join/joinPage.tsx";
import { createLandingState } from "./join/landingState.ts";
import { pageFolder } from "./join/pageFolder.ts";
import { isOwnReferrer, readPageParams } from "./join/queryParams.ts";
import { type RememberedJoin, rememberedJoin } from "./join/rejoin.ts";
import { fetchRunInfo } from "./join/runInfo.ts";
import { loadPreferredWords } from "./words/preferred.ts";
import { words } from "./words/words.ts";

const asked = readPageParams(location.search);
// another site's link may not have this computer work before somebody presses the button
const params = { ...asked, isAuto: asked.isAuto && isOwnReferrer(document.referrer, location.origin) };
const controller = createJoinController(params);
const landing = createLandingState(pageFolder(), params, controller);
const run = signal<RunInfo | null>(null);
const runProblem = signal<string | null>(null);
const comeback = signal<string | null>(null);

const wordsLoaded = loadPreferredWords();
const askForRun = (): Promise<void> =>
  fetchRunInfo(pageFolder()).then(
    (found) => {
      run.value = found;
      runProblem.value = null;
      landing.learnRun(found);
    },
    async (error: unknown) => {
      await wordsLoaded;
      runProblem.value = error instanceof Error ? error.message : String(error);
    },
  );
const runKnown = askForRun();

/** Until it has joined, the page keeps up with the run, for as long as somebody can see it. */
const askAgainMs = 15_000;
const asking = setInterval(() => {
  if (controller.view.value.hasJoined) clearInterval(asking);
  else if (document.visibilityState === "visible") void askForRun();
}, askAgainMs);

// A page that comes back from the back-forward cache has lost its socket and its lock.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

const [navigation] = performance.getEntriesByType("navigation");
const isReload = navigation instanceof PerformanceNavigationTiming && navigation.type !== "navigate";
const before = rememberedJoin(pageFolder());

/** A tab that took part until it was reloaded goes on, with its own examples where this browser kept them; a run that is over takes nobody. */
async function goOn(joined: RememberedJoin): Promise<void> {
  await runKnown;
  if (run.value?.status.phase === "done") return;
  if (joined.source === "share") return controller.join({ kind: "share" }, isReload ? joined : null);
  const table = landing.table.value;
  await table?.whenLoaded;
  if (table !== null && table.rows.value.length > 0) return controller.join(ownSource(table), isReload ? joined : null);
  if (isReload) comeback.value = words.notices.chooseAgain(joined.isKept);
  landing.look();
}

/** The page is drawn once with what it says of the run, so that nothing jumps; it waits no longer than this for the answer. */
const waitMs = 400;

await wordsLoaded;
controller.name(landing.nickname.value);
if (params.isAuto) controller.join({ kind: "share" }, isReload ? before : null);
else if (before === null) landing.look();
const known = params.isAuto || before === null ? runKnown : goOn(before);
await Promise.race([known, new Promise((resolve) => setTimeout(resolve, waitMs))]);

const root = document.getElementById("page");
if (root !== null) {
  root.replaceChildren();
  render(<JoinPage controller={controller} run={run} runProblem={runProblem} comeback={comeback} landing={landing} />, root);
}
