import { Said } from "../saying/said.tsx";
import { words } from "../words/words.ts";
import type { TryController } from "./tryController.ts";
import type { LargeView } from "./tryView.ts";

interface LargeOfferProps {
  readonly large: LargeView | null;
  readonly controller: Pick<TryController, "loadLarge">;
}

/** The large model of a run that has one, which is downloaded only after a click that says how many bytes. */
export function LargeOffer({ large, controller }: LargeOfferProps) {
  if (large === null || large.kind === "here") return null;
  const { name, numBytes, kind, progress, problem } = large;
  return (
    <section class="card" aria-labelledby="large-title">
      <h2 id="large-title">{words.tryDraw.largeTitle}</h2>
      <p class="soft small">{words.tryDraw.largeNoteBefore(name)}</p>
      {problem !== null && (
        <p role="alert">
          <Said {...problem} />
        </p>
      )}
      {kind === "loading" ? (
        <progress class="bar" aria-label={words.tryDraw.largeProgress} value={progress?.doneBytes ?? 0} max={progress?.totalBytes ?? 1} />
      ) : (
        <div class="actions">
          <button class="button" type="button" data-testid="load-large" onClick={controller.loadLarge}>
            {numBytes === null ? words.tryDraw.askLarge(name) : words.tryDraw.loadLarge(name, numBytes)}
          </button>
        </div>
      )}
    </section>
  );
}
