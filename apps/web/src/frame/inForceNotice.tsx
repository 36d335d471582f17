import type { Status } from "@tutti/protocol";
import { words } from "../words/words.ts";

/** What the operator has ordered, for everybody in the run; nothing where the settings hold. */
export function InForceNotice({ inForce }: { readonly inForce: Status["inForce"] }) {
  const sentences = inForceSentences(inForce);
  return (
    <div role="status">
      {sentences.map((sentence) => (
        <p key={sentence} class="notice" data-testid="in-force">
          {sentence}
        </p>
      ))}
    </div>
  );
}

/** A sentence for the pause and for each lesson. */
export function inForceSentences(inForce: Status["inForce"]): readonly string[] {
  if (inForce === undefined) return [];
  const { isPaused, drop, skew, poison } = inForce;
  const { inForce: w } = words;
  return [
    ...(isPaused ? [w.paused] : []),
    ...(skew === null ? [] : [w.skew]),
    ...(drop === null ? [] : [w.drop(words.formats.share(drop.fraction))]),
    ...(poison === null ? [] : [w.poison(w.devices(poison.deviceIds))]),
  ];
}
