import type * as ObservablePlot from "@observablehq/plot";
import { useEffect, useRef } from "preact/hooks";
import { drawSoon } from "./drawQueue.ts";
import { type Size, useSize } from "./useSize.ts";

/** Observable Plot, once it is loaded. */
export type PlotModule = typeof ObservablePlot;

/** Draws to a size; what it draws is replaced as a whole. */
export type Draw = (Plot: PlotModule, size: Size) => Element;

interface PlotFigureProps {
  /** What the drawing shows, for people who hear it. */
  readonly label: string;
  /** Draws again when this is another text. */
  readonly of: string;
  readonly draw: Draw;
  readonly testId: string;
}

const loaded = import("@observablehq/plot");
loaded.catch(() => undefined); // whoever waits for it says so

/** A drawing by Observable Plot in the place that its style gives it: it is drawn when there is something new to draw, and nothing moves. */
export function PlotFigure({ label, of, draw, testId }: PlotFigureProps) {
  const { ref, size } = useSize<HTMLDivElement>();
  const latest = useRef(draw);
  latest.current = draw;
  useEffect(() => {
    if (size === null) return;
    let cancel: () => void = () => undefined;
    let isOver = false;
    void loaded.then((Plot) => {
      if (!isOver) cancel = drawSoon(() => ref.current?.replaceChildren(asImage(latest.current(Plot, size), label)));
    });
    return () => {
      isOver = true;
      cancel();
    };
  }, [of, label, size]);
  return <div class="plot" ref={ref} data-testid={testId} />;
}

/** One image for people who hear the page: Plot names the groups inside, which have no role. */
function asImage(drawn: Element, label: string): Element {
  for (const group of drawn.querySelectorAll("[aria-label]")) group.removeAttribute("aria-label");
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", label);
  return drawn;
}
