import "../noEval.ts";
import { effect } from "@preact/signals";
import { tokenIn } from "@tutti/client";
import { render } from "preact";
import { pageFolder } from "../join/pageFolder.ts";
import { readPageParams } from "../join/queryParams.ts";
import { loadPreferredWords } from "../words/preferred.ts";
import { keepForOffline } from "./offline.ts";
import { createTryController } from "./tryController.ts";
import { TryPage } from "./tryPage.tsx";

await loadPreferredWords();

const controller = createTryController(readPageParams(location.search));
const offline = keepForOffline({
  folder: pageFolder(),
  token: () => tokenIn(location.href),
  fetched: async () => (await controller.asker()?.ask("fetched", null)) ?? [],
});

// what is needed is known once the tuned model has answered, or there is none
const stopWaiting = effect(() => {
  const { loading, tuned } = controller.view.value;
  if (loading.kind !== "ready" || tuned.kind === "asking") return;
  setTimeout(() => {
    stopWaiting();
    void offline.keep();
  });
});

const root = document.getElementById("page");
if (root !== null) {
  root.replaceChildren();
  render(<TryPage controller={controller} offline={offline.state} />, root);
}
