import "../noEval.ts";
import { signal } from "@preact/signals";
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
// What it lacks without the run's settings, such as its title, the page leaves out; of a coordinator that is not there the feed tells.
fetchRunInfo(folder).then(
  (found) => {
    run.value = found;
  },
  () => undefined,
);
const feed = createStageFeed({ folder, operatorToken: token });

const root = document.getElementById("page");
if (root !== null) {
  root.replaceChildren();
  render(<StagePage feed={feed} run={run} folder={folder} />, root);
}
