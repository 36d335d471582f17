import { type Signal, signal } from "@preact/signals";
import { tokenIn } from "@tutti/client";
import { pageFolder } from "../join/pageFolder.ts";
import type { Asker } from "./asker.ts";
import { questionIn } from "./link.ts";
import type { OwnLayers } from "./ownLayers.ts";
import type { OwnTable } from "./ownTable.ts";
import { emptyTryView, type TryView } from "./tryView.ts";

/** What the parts of the page share. */
export interface TryContext {
  readonly view: Signal<TryView>;
  show(change: Partial<TryView>): void;
  /** Where the run's pages lie. */
  readonly folder: string;
  /** What lets this browser into a run that is not open to everybody; null where it has nothing. */
  token: string | null;
  /** Null until the model is loaded. */
  asker: Asker | null;
  /** Of the tuned parameters that answer. */
  etag: string;
  /** Of this browser's devices. */
  layers: readonly OwnLayers[];
  /** The examples that somebody brought to the run in this browser; null until the task is known, and where its answers are texts. */
  ownTable: OwnTable | null;
}

/** What this page's address says, and nothing else yet. */
export function createTryContext(): TryContext {
  const linked = questionIn(location.hash);
  const asked = linked === null ? {} : { linked, question: { text: linked.text, textB: linked.textB } };
  const view = signal<TryView>({ ...emptyTryView, ...asked });
  return {
    view,
    show(change) {
      view.value = { ...view.value, ...change };
    },
    folder: pageFolder(),
    token: tokenIn(location.href),
    asker: null,
    etag: "",
    layers: [],
    ownTable: null,
  };
}
