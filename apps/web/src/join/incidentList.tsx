import { Said } from "../saying/said.tsx";
import { ours, type Text } from "../saying/text.ts";
import { words } from "../words/words.ts";
import type { Incident } from "./view.ts";

/** What went wrong here and was mended, the latest first. */
export function IncidentList({ incidents }: { readonly incidents: readonly Incident[] }) {
  if (incidents.length === 0) return null;
  return (
    <section class="notice incidents" aria-labelledby="incidents-title" data-testid="incidents">
      <h2 id="incidents-title" class="small">
        {words.incidents.title}
      </h2>
      <ul class="small">
        {[...incidents].reverse().map((incident) => (
          <li key={`${incident.at} ${incident.kind}`} data-kind={incident.kind}>
            <span class="soft figures">{words.incidents.at(incident.at)}</span> <Said {...sentenceOf(incident)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** One line that is there from the beginning, so that nothing moves when something happens. */
export function LatestIncident({ incidents }: { readonly incidents: readonly Incident[] }) {
  const latest = incidents.at(-1);
  return (
    <p class="soft small note" role="status">
      {latest === undefined ? words.deviceMeaning : <Said {...sentenceOf(latest)} />}
    </p>
  );
}

function sentenceOf({ kind, seconds, lost }: Incident): Text {
  switch (kind) {
    case "slept":
      return ours(words.incidents.slept(seconds ?? 0));
    case "online":
      return ours(words.incidents.online(seconds ?? 0));
    case "workerRestarted":
      return {
        ...ours(words.incidents.workerRestarted(words.tabProblems[lost?.kind ?? "workerStopped"])),
        ...(lost?.kind === "workerStopped" ? { detail: lost.detail } : {}),
      };
    case "cameBackPaused":
      return ours(words.incidents.cameBackPaused);
  }
}
