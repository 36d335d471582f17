import "../noEval.ts";
import { type RunInfo, runInfoSchema } from "@tutti/protocol";
import { render } from "preact";
import { pageFolder } from "../join/pageFolder.ts";
import { loadPreferredWords } from "../words/preferred.ts";
import { words } from "../words/words.ts";
import { browserOf, waysOn } from "./browserWarnings.ts";
import { TrustPage } from "./trustPage.tsx";

/** The run's certificate; null where it has no self-made one, or does not say. */
async function findTrust(): Promise<RunInfo["trust"] | null> {
  const answer: unknown = await fetch(new URL("run.json", pageFolder())).then(
    (response) => response.json(),
    () => null,
  );
  const parsed = runInfoSchema.safeParse(answer);
  return parsed.success ? (parsed.data.trust ?? null) : null;
}

const [trust] = await Promise.all([findTrust(), loadPreferredWords()]);

const root = document.getElementById("page");
if (root !== null) {
  root.replaceChildren();
  document.title = `${words.classroom.trustTitle} · Tutti`;
  render(
    <TrustPage trust={trust ?? null} ways={waysOn(location, pageFolder(), trust ?? null)} browser={browserOf(navigator.userAgent)} />,
    root,
  );
}
