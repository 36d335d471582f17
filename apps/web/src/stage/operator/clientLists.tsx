import type { ListedClient } from "@tutti/protocol";
import { words } from "../../words/words.ts";
import { ConfirmButton } from "./confirmButton.tsx";
import type { Operator, OperatorView } from "./operatorState.ts";

interface PartProps {
  readonly view: OperatorView;
  readonly operator: Operator;
}

/** Who waits to be let in, and who is here. */
export function ClientLists({ view, operator }: PartProps) {
  const { operator: w } = words;
  // each question of a client that waits moves it to the end of the coordinator's list: rows are not to move under a finger
  const waiting = view.clients
    .filter(({ standing }) => standing === "waiting")
    .sort((a, b) => `${nameOf(a)} ${a.clientKey}`.localeCompare(`${nameOf(b)} ${b.clientKey}`));
  const letIn = (clientKey: string) => operator.give({ kind: "approve", clientKey });
  const present = view.clients.filter(({ standing }) => standing === "in" || standing === "away");
  return (
    <>
      <section aria-labelledby="operate-waiting">
        <h3 id="operate-waiting">{w.waitingTitle}</h3>
        {waiting.length === 0 && <p class="soft">{w.nobodyWaits}</p>}
        {waiting.length > 1 && (
          <button
            type="button"
            class="button"
            data-testid="approve-all"
            onClick={() => Promise.all(waiting.map(({ clientKey }) => letIn(clientKey)))}
          >
            {w.approveAll(waiting.length)}
          </button>
        )}
        <ul class="client-list" data-testid="waiting">
          {waiting.map((client) => (
            <li key={client.clientKey}>
              <bdi>{nameOf(client)}</bdi>
              <button
                type="button"
                class="button primary"
                aria-label={w.actionOn(w.approve, nameOf(client))}
                onClick={() => letIn(client.clientKey)}
              >
                {w.approve}
              </button>
            </li>
          ))}
        </ul>
      </section>
      <section aria-labelledby="operate-clients">
        <h3 id="operate-clients">{w.clientsTitle}</h3>
        {present.length === 0 && <p class="soft">{w.noClients}</p>}
        <ul class="client-list" data-testid="clients">
          {present.map((client) => (
            <li key={client.clientKey}>
              <span>
                <bdi>{nameOf(client)}</bdi>{" "}
                <span class="soft small">
                  {w.standings[client.standing]}, {devicesOf(client)}
                </span>
              </span>
              <ConfirmButton
                label={w.actionOn(w.sendAway, nameOf(client))}
                testId="order-sendAway"
                question={w.confirmSendAway(nameOf(client))}
                yes={w.yes.sendAway}
                onConfirmed={() => void operator.give({ kind: "sendAway", clientKey: client.clientKey })}
              >
                {w.sendAway}
              </ConfirmButton>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

/** As the client calls itself, or the beginning of its key. */
function nameOf({ nickname, clientKey }: ListedClient): string {
  return nickname ?? words.operator.nameless(clientKey.slice(3, 9));
}

function devicesOf({ deviceIds }: ListedClient): string {
  return deviceIds.length === 0 ? words.operator.noDevices : words.inForce.devices(deviceIds);
}
