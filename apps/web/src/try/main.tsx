import "../noEval.ts";
import { render } from "preact";
import { loadPreferredWords } from "../words/preferred.ts";
import { TryPage } from "./tryPage.tsx";

await loadPreferredWords();

const root = document.getElementById("page");
if (root !== null) {
  root.replaceChildren();
  render(<TryPage />, root);
}
