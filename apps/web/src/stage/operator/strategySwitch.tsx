import type { OrderInput } from "@tutti/protocol";
import { useId, useState } from "preact/hooks";
import { words } from "../../words/words.ts";
import { ConfirmButton } from "./confirmButton.tsx";
import type { Operator, OperatorView } from "./operatorState.ts";

interface PartProps {
  readonly view: OperatorView;
  readonly operator: Operator;
}

type Name = keyof typeof words.operator.strategies;

const allNames: readonly Name[] = ["fedAvg", "fedAvgM", "fedOpt", "scaffold", "fedPepTao"];

/** With the settings that the strategy has by default. */
function switchTo(name: Name): OrderInput {
  return { kind: "switchStrategy", strategy: { name } };
}

/** Another strategy, in a run that is linked to this one. */
export function StrategySwitch({ view, operator }: PartProps) {
  const { operator: w } = words;
  const id = useId();
  const present = view.run?.run.strategy.name;
  const names = allNames.filter((name) => name !== present);
  const [chosen, setChosen] = useState<Name>("fedAvgM");
  const name = names.includes(chosen) ? chosen : (names[0] ?? chosen);
  return (
    <section aria-labelledby="operate-strategy">
      <h3 id="operate-strategy">{w.switchTitle}</h3>
      <p class="soft">{w.switchAbout}</p>
      <div class="field">
        <label for={id}>{w.strategy}</label>
        <div class="actions">
          <select id={id} value={name} onChange={(event) => setChosen(event.currentTarget.value as Name)} data-testid="strategy">
            {names.map((one) => (
              <option key={one} value={one}>
                {w.strategies[one]}
              </option>
            ))}
          </select>
          <ConfirmButton
            testId="order-switchStrategy"
            question={w.confirmSwitch(w.strategies[name])}
            yes={w.yes.switchStrategy}
            onConfirmed={() => void operator.give(switchTo(name))}
          >
            {w.switchButton}
          </ConfirmButton>
        </div>
      </div>
    </section>
  );
}
