import type { InForce } from "@tutti/core";
import { useId, useState } from "preact/hooks";
import { words } from "../../words/words.ts";
import type { Operator, OperatorView } from "./operatorState.ts";

interface PartProps {
  readonly view: OperatorView;
  readonly operator: Operator;
}

/** How many devices a round asks, and how long it waits for them. */
export function RoundOrders({ view, operator }: PartProps) {
  const { operator: w } = words;
  const { orders, run } = view;
  const inForce = orders?.inForce;
  const settings = run?.run;
  return (
    <section aria-labelledby="operate-rounds">
      <h3 id="operate-rounds">{w.sizesTitle}</h3>
      <NumberOrder
        label={w.sampleFraction}
        now={
          inForce?.sampleFraction == null
            ? sampleAsSettings(settings?.cohortSize)
            : w.sampleNow(words.formats.share(inForce.sampleFraction))
        }
        testId="sampleFraction"
        min={1}
        max={100}
        isSet={inForce?.sampleFraction != null}
        onApply={(value) => value !== null && operator.give({ kind: "sampleFraction", fraction: value / 100 })}
        onTakeBack={() => operator.give({ kind: "takeBack", what: "sampleFraction" })}
      />
      <NumberOrder
        label={w.deadline}
        hint={w.deadlineHint}
        now={deadlineNow(inForce, settings?.deadlineMs ?? null)}
        testId="deadline"
        min={0.1}
        max={86_400}
        mayBeEmpty
        isSet={inForce?.deadline != null}
        onApply={(value) => operator.give({ kind: "deadline", deadlineMs: value === null ? null : Math.round(1000 * value) })}
        onTakeBack={() => operator.give({ kind: "takeBack", what: "deadline" })}
      />
    </section>
  );
}

function sampleAsSettings(cohortSize: number | undefined): string {
  return cohortSize === undefined ? "" : words.operator.sampleSettings(cohortSize);
}

function deadlineNow(inForce: InForce | undefined, settings: number | null): string {
  const deadlineMs = inForce?.deadline == null ? settings : inForce.deadline.deadlineMs;
  return deadlineMs === null ? words.operator.noDeadline : words.operator.deadlineNow(words.formats.seconds(deadlineMs / 1000));
}

interface NumberOrderProps {
  readonly label: string;
  readonly hint?: string;
  readonly now: string;
  readonly testId: string;
  readonly min: number;
  readonly max: number;
  readonly mayBeEmpty?: boolean;
  readonly isSet: boolean;
  /** Null for an empty field. */
  readonly onApply: (value: number | null) => void;
  readonly onTakeBack: () => void;
}

function NumberOrder({ label, hint, now, testId, min, max, mayBeEmpty = false, isSet, onApply, onTakeBack }: NumberOrderProps) {
  const { operator: w } = words;
  const id = useId();
  const [text, setText] = useState("");
  const apply = (event: Event) => {
    event.preventDefault();
    onApply(text === "" ? null : Number(text));
    setText("");
  };
  return (
    <form class="field number-order" onSubmit={apply}>
      <label for={id}>{label}</label>
      <p class="soft small" id={`${id}-now`} data-testid={`${testId}-now`}>
        {now} {hint}
      </p>
      <div class="actions">
        <input
          id={id}
          type="number"
          inputMode="decimal"
          min={min}
          max={max}
          step="any"
          required={!mayBeEmpty}
          value={text}
          aria-describedby={`${id}-now`}
          data-testid={testId}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="button" aria-label={w.actionOn(w.apply, label)} data-testid={`${testId}-apply`}>
          {w.apply}
        </button>
        {isSet && (
          <button type="button" class="button" aria-label={w.actionOn(w.asSettings, label)} onClick={onTakeBack}>
            {w.asSettings}
          </button>
        )}
      </div>
    </form>
  );
}
