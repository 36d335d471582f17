import "../noEval.ts";
import { effect, signal } from "@preact/signals";
import type { RunInfo } from "@tutti/protocol";
import { render } from "preact";
import { operatorToken } from "../frame/operatorToken.ts";
import { pageFolder } from "../join/pageFolder.ts";
import { fetchRunInfo } from "../join/runInfo.ts";
import { loadPreferredWords } from "../words/preferred.ts";
import { createStageFeed } from "./feed.ts";
import { StagePage } from "./stagePage.tsx";

await loadPreferredWords();

const folder = pageFolder();
const token = operatorToken(folder);
const run = signal<RunInfo | null>(null);
const feed = createStageFeed({ folder, operatorToken: token });

/** What it lacks without the run's settings, such as its title, the page leaves out; of a coordinator that is not there the feed tells. */
const learn = (): void => {
  fetchRunInfo(folder).then(
    (found) => {
      run.value = found;
    },
    () => undefined,
  );
};
learn();
let known: string | null = null;
effect(() => {
  const runId = feed.live.value?.status.runId ?? null;
  if (known !== null && runId !== known) learn(); // another run follows at the same address
  known = runId;
});

const root = document.getElementById("page");
if (root !== null) {
  root.replaceChildren();
  render(<StagePage feed={feed} run={run} folder={folder} />, root);
}
