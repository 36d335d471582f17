import "../noEval.ts";
import { render } from "preact";
import { loadPreferredWords } from "../words/preferred.ts";
import { StagePage } from "./stagePage.tsx";

await loadPreferredWords();

const root = document.getElementById("page");
if (root !== null) {
  root.replaceChildren();
  render(<StagePage />, root);
}
