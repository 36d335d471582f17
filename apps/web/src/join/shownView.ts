import { type ReadonlySignal, signal } from "@preact/signals";
import { calmed } from "./calm.ts";
import { headline, isUrgent } from "./text.ts";
import { emptyView, nextView, type PageEvent, type PageState, pageStateOf, type View } from "./view.ts";

/** The view that the page shows, and what changes it. */
export interface ShownView {
  readonly view: ReadonlySignal<View>;
  /** With what was not shown yet. */
  latest(): View;
  /** Begins with another view. */
  reset(view: View): void;
  /** This browser keeps nothing of the tab's work. */
  keepsNothing(): void;
  onEvent(event: PageEvent): void;
}

/** Events that come many times a second are shown together, so that drawing never keeps the page busy. */
const frequent: readonly PageEvent["kind"][] = ["step", "loading", "traffic", "status", "computed", "battery"];
const showEveryMs = 500;

/** A view of nothing; `onShown` hears of each one that is shown. */
export function createShownView(onShown: (view: View, state: PageState) => void): ShownView {
  const view = signal<View>(emptyView);
  let latest = emptyView;
  let shownState: PageState = "landing";
  let shownLater: ReturnType<typeof setTimeout> | null = null;
  let calmLater: ReturnType<typeof setTimeout> | null = null;

  function show(): void {
    for (const timer of [shownLater, calmLater]) if (timer !== null) clearTimeout(timer);
    shownLater = null;
    calmLater = null;
    const state = pageStateOf(latest);
    const nowMs = performance.now();
    const wanted = { text: headline(state, latest), isUrgent: isUrgent(state) || isUrgent(shownState), isIdle: state === "waiting" };
    const { line, againAtMs } = calmed(latest.calm, wanted, nowMs);
    if (againAtMs !== null) calmLater = setTimeout(show, againAtMs - nowMs);
    latest = { ...latest, calm: line };
    shownState = state;
    view.value = latest;
    document.documentElement.dataset.state = state;
    document.title = `${line.text} · Tutti`;
    onShown(latest, state);
  }

  return {
    view,
    latest: () => latest,
    reset(next) {
      latest = next;
    },
    keepsNothing() {
      latest = { ...latest, isKept: false };
      show();
    },
    onEvent(event) {
      if (!latest.hasJoined) return; // the landing page knows nothing of it
      latest = nextView(latest, event, performance.now());
      if (!frequent.includes(event.kind)) show();
      else shownLater ??= setTimeout(show, showEveryMs);
    },
  };
}
