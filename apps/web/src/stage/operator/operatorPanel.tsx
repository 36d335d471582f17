import { useEffect, useMemo } from "preact/hooks";
import { operatorToken } from "../../frame/operatorToken.ts";
import { pageFolder } from "../../join/pageFolder.ts";
import { words } from "../../words/words.ts";
import { ClientLists } from "./clientLists.tsx";
import { Lessons } from "./lessons.tsx";
import { createOperator, type OperatorView } from "./operatorState.ts";
import { heldText, orderText } from "./orderText.ts";
import { RoundOrders } from "./roundOrders.tsx";
import { RunOrders } from "./runOrders.tsx";
import { StrategySwitch } from "./strategySwitch.tsx";

/** The operator's buttons; nothing for everybody who has not brought the operator's link. */
export function OperatorPanel() {
  const token = useMemo(() => operatorToken(pageFolder()), []);
  return token === null ? null : <Panel token={token} />;
}

function Panel({ token }: { readonly token: string }) {
  const operator = useMemo(() => createOperator(pageFolder(), token), [token]);
  useEffect(() => operator.close, [operator]);
  const { operator: w } = words;
  const view = operator.view.value;
  const parts = { view, operator };
  return (
    <section class="operator card" aria-labelledby="operator-title" data-testid="operator">
      <h2 id="operator-title">{w.title}</h2>
      <p class="soft">{w.forYou}</p>
      <Said view={view} />
      {!view.isRefused && (
        <div class="operator-parts">
          <RunOrders {...parts} />
          <Lessons {...parts} />
          <RoundOrders {...parts} />
          <StrategySwitch {...parts} />
          <ClientLists {...parts} />
          <OrderLog view={view} />
        </div>
      )}
    </section>
  );
}

/** What became of the last order, and what is wrong; said once to who hears the page. */
function Said({ view: { said, problem, isRefused } }: { readonly view: OperatorView }) {
  const text = isRefused ? words.operator.refused : problem;
  return (
    <>
      <div role="alert">
        {text !== null && (
          <p class="notice bad" data-testid="operator-problem">
            {text}
          </p>
        )}
      </div>
      <div role="status">
        {said !== null && (
          <p class={said.isDone ? "notice" : "notice bad"} data-testid="operator-said">
            {said.text}
          </p>
        )}
      </div>
    </>
  );
}

const maxShown = 20;

function OrderLog({ view: { orders } }: { readonly view: OperatorView }) {
  const { operator: w } = words;
  const events = orders?.events ?? [];
  return (
    <section class="wide" aria-labelledby="operate-log">
      <h3 id="operate-log">{w.logTitle}</h3>
      {events.length === 0 && <p class="soft">{w.noOrders}</p>}
      <ol class="order-log" reversed data-testid="order-log">
        {[...events]
          .slice(-maxShown)
          .reverse()
          .map((event) => (
            <li key={event.number} value={event.number}>
              <time dateTime={new Date(event.at).toISOString()}>{words.formats.timeWithSeconds(event.at)}</time> {orderText(event)}{" "}
              <span class="soft small">{heldText(event)}</span>
            </li>
          ))}
      </ol>
    </section>
  );
}
