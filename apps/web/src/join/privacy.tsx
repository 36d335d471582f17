import { looksAtMachines } from "@tutti/core";
import type { RunInfo } from "@tutti/protocol";
import { words } from "../words/words.ts";

/** What of a run decides what leaves a tab. */
export type PrivacyFacts = Pick<RunInfo, "keepsStates" | "run">;

/** What leaves the tab, what never does and what is kept here, each sentence true of this run; null for a run that is not known yet, of which the most is said. */
export function privacySentences(facts: PrivacyFacts | null): Readonly<Record<"sent" | "never" | "kept", readonly string[]>> {
  const { parameters, measurements, name, examples, layers, rest, kept, stop } = words.privacy;
  const keepsStates = facts?.keepsStates ?? true;
  const machine = facts === null ? [words.privacy.maybeMachine] : looksAtMachines(facts.run.strategy) ? [words.privacy.machine] : [];
  return {
    sent: [parameters, ...(keepsStates ? [words.privacy.states] : []), measurements, ...machine, name],
    never: [examples, ...(keepsStates ? [] : [layers]), rest],
    kept: [kept, stop],
  };
}

/** The three lists. */
export function Privacy({ facts }: { readonly facts: PrivacyFacts | null }) {
  const { sent, never, kept } = privacySentences(facts);
  return (
    <>
      <List name="sent" title={words.privacy.sentTitle} sentences={sent} />
      <List name="never" title={words.privacy.neverTitle} sentences={never} />
      <List name="kept" title={words.privacy.keptTitle} sentences={kept} />
    </>
  );
}

function List({ name, title, sentences }: { readonly name: string; readonly title: string; readonly sentences: readonly string[] }) {
  return (
    <section class={`card said-list ${name}`} aria-labelledby={`${name}-title`} data-testid={`privacy-${name}`}>
      <h2 id={`${name}-title`}>{title}</h2>
      <ul>
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </section>
  );
}
