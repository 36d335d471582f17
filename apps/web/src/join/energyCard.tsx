import { words } from "../words/words.ts";
import { type DeviceSigns, deviceKind, estimateEnergy } from "./energy.ts";
import type { View } from "./view.ts";

/** What the work of the tab took, and how that is known. */
export function EnergyCard({ view, signs }: { readonly view: View; readonly signs: DeviceSigns }) {
  const { ready, busySeconds, drain } = view;
  if (ready === null) return null;
  const kind = deviceKind(signs);
  const { fromWattHours, toWattHours, method, from, to } = estimateEnergy({ kind, backend: ready.backend, busySeconds, drain });
  return (
    <section class="card" aria-labelledby="energy-title" data-testid="energy">
      <h2 id="energy-title">{words.energy.title}</h2>
      {busySeconds === 0 ? (
        <p class="soft small">{words.energy.none}</p>
      ) : (
        <>
          <p class="figures energy-figure">{words.energy.range(fromWattHours, toWattHours)}</p>
          <p class="soft small note" data-testid="energy-method">
            {method === "battery"
              ? words.energy.byBattery(Math.round(100 * (drain?.drop ?? 0)), kind, from, to)
              : words.energy.byPower(busySeconds, kind, from, to)}{" "}
            {words.energy.compare}
          </p>
        </>
      )}
    </section>
  );
}
