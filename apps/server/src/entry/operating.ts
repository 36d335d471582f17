import type { ListedClient } from "@tutti/protocol";
import type { ClientAction } from "../http/operator.ts";
import type { Client } from "../pool/members.ts";
import type { Roster } from "../pool/roster.ts";
import type { Gate } from "./gate.ts";

/** Whom orders are about. */
export interface Operated {
  readonly gate: Gate;
  readonly members: Pick<Roster, "client" | "clients" | "homes" | "leave">;
}

/** Whether there is a client of this key that an order could be about. */
export function isAbout({ gate, members }: Operated, action: ClientAction, clientKey: string): boolean {
  if (members.client(clientKey) !== null) return true;
  return action !== "kick" && (gate.waiting().some((one) => one.clientKey === clientKey) || gate.standingOf(clientKey).isBanned);
}

/** Carries out an order about a client; false where nobody knows one of this key. */
export function actOn({ gate, members }: Operated, action: ClientAction, clientKey: string): boolean {
  if (!isAbout({ gate, members }, action, clientKey)) return false;
  const client = members.client(clientKey);
  if (action === "approve") gate.approve(clientKey);
  if (action === "pardon") gate.pardon(clientKey);
  if (action === "ban") gate.ban(clientKey);
  if (client !== null && action === "ban") sendAway(members, client, "the operator has banned this client from the run");
  if (client !== null && action === "kick") sendAway(members, client, "the operator has sent this client away");
  return true;
}

/** Its devices and tasks go to others at once. */
function sendAway(members: Pick<Roster, "leave">, client: Client, why: string): void {
  const { connection } = client;
  members.leave(client);
  connection?.removed(why);
}

/** Everybody that an operator may do something about: who is known, who waits, who is banned. */
export function listClients({ gate, members }: Operated): readonly ListedClient[] {
  const known = [...members.clients()].map(({ clientKey, nickname, connection }): ListedClient => {
    const { isBanned, invitation } = gate.standingOf(clientKey);
    const standing = isBanned ? "banned" : connection === null ? "away" : "in";
    const deviceIds = members.homes.devicesOf(clientKey).map(({ deviceId }) => deviceId);
    return { clientKey, nickname, standing, deviceIds, invitation };
  });
  const keys = new Set(known.map(({ clientKey }) => clientKey));
  const outside = (clientKey: string, nickname: string | null, standing: ListedClient["standing"]): ListedClient[] =>
    keys.has(clientKey) ? [] : [{ clientKey, nickname, standing, deviceIds: [], invitation: gate.standingOf(clientKey).invitation }];
  return [
    ...known,
    ...gate.waiting().flatMap(({ clientKey, nickname }) => outside(clientKey, nickname, "waiting")),
    ...gate.banned().flatMap((clientKey) => outside(clientKey, null, "banned")),
  ];
}
