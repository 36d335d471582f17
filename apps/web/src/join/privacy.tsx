import { looksAtMachines } from "@tutti/core";
import type { RunInfo } from "@tutti/protocol";
import type { ComponentChildren } from "preact";
import { ForgetButton } from "../frame/forgetButton.tsx";
import { words } from "../words/words.ts";

/** What of a run decides what leaves a tab. */
export type PrivacyFacts = Pick<RunInfo, "keepsStates" | "run">;

/**
 * What leaves the tab, what never does and what is kept here, each sentence true of this run in this browser; of a run that is not known yet the most
 * is said.
 */
export function privacySentences(
  facts: PrivacyFacts | null,
  canStore: boolean,
): Readonly<Record<"sent" | "never" | "kept", readonly string[]>> {
  const { parameters, measurements, name, examples, layers, rest, kept, keptOwn, keptNothing, stop } = words.privacy;
  const keepsStates = facts?.keepsStates ?? true;
  const machine = facts === null ? [words.privacy.maybeMachine] : looksAtMachines(facts.run.strategy) ? [words.privacy.machine] : [];
  const takesOwn = facts?.run.roster === "open";
  return {
    sent: [parameters, ...(keepsStates ? [words.privacy.states] : []), measurements, ...machine, name],
    never: [examples, ...(keepsStates ? [] : [layers]), rest],
    kept: [...(canStore ? [kept, ...(takesOwn ? [keptOwn] : [])] : [keptNothing]), stop],
  };
}

/** The three lists. */
export function Privacy({ facts, canStore }: { readonly facts: PrivacyFacts | null; readonly canStore: boolean }) {
  const { sent, never, kept } = privacySentences(facts, canStore);
  return (
    <>
      <List name="sent" title={words.privacy.sentTitle} sentences={sent} />
      <List name="never" title={words.privacy.neverTitle} sentences={never} />
      <List name="kept" title={words.privacy.keptTitle} sentences={kept}>
        {canStore && <ForgetButton />}
      </List>
    </>
  );
}

interface ListProps {
  readonly name: string;
  readonly title: string;
  readonly sentences: readonly string[];
  /** Below the sentences. */
  readonly children?: ComponentChildren;
}

function List({ name, title, sentences, children }: ListProps) {
  return (
    <section class={`card said-list ${name}`} aria-labelledby={`${name}-title`} data-testid={`privacy-${name}`}>
      <h2 id={`${name}-title`}>{title}</h2>
      <ul>
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {children}
    </section>
  );
}
