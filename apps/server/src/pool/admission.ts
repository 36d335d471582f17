import { backwardPassesOf } from "@tutti/core";
import { type Hello, limits, type Refusal, refuse } from "@tutti/protocol";
import type { CoordinatorConfig } from "../config.ts";
import type { JournalledClient } from "../journal/journal.ts";
import type { ClientTable } from "./clientTable.ts";
import type { Homes } from "./homes.ts";
import type { Client, Connection } from "./members.ts";
import type { Quotas } from "./quotas.ts";

/** What admitting clients needs of the roster. */
export interface AdmissionSources {
  readonly config: CoordinatorConfig;
  readonly clients: ClientTable;
  readonly homes: Homes;
  saveClient(client: JournalledClient): void;
  /** Forgets a client that is gone and holds no device, as if it had never come. */
  removeClient(clientKey: string): void;
  /** Clients by where they come from. */
  readonly quotas: Pick<Quotas, "admit">;
  onForgotten(client: Client): void;
}

/** The client that says hello, new or known, or why it may not join (P-13, P-112, P-113). */
export function admit(
  { clientKey, nickname, hosting, helperToken, isForwardOnly }: Hello,
  { origin }: Connection,
  sources: AdmissionSources,
): Refusal | Client {
  const { config, clients, quotas, homes } = sources;
  const known = clients.all.get(clientKey);
  if (config.run.roster === "fixed" && hosting === "own")
    return refuse("P-13", "this run gives out its own data: own examples need an open roster", { kind: "ownNeedsOpenRun" });
  if (config.run.labels !== undefined && hosting === "virtual")
    return refuse("P-193", "the texts of this run are typed by those who take part: bring examples of your own", { kind: "typedOnly" });
  // who holds shares would be rid of their known sizes by saying that it brings its own examples
  if (hosting === "own" && homes.devicesOf(clientKey).some(({ share = null }) => share !== null))
    return refuse("P-120", "this client holds shares of the run's examples: bring your own under another key, or withdraw first", {
      kind: "holdsShare",
    });
  if (isForwardOnly === true && backwardPassesOf(config.run) === "all")
    return refuse(
      "P-250",
      "a backward pass does not fit this device, and in this run every device trains by gradients: join with another device, or start a run with strategy.forwardTier",
      { kind: "backwardNeeded" },
    );
  const refusal = (known === undefined ? refuseNewcomer(sources) : null) ?? (origin === undefined ? null : quotas.admit(clientKey, origin));
  if (refusal !== null) return refusal;
  const marked = helperToken === undefined ? {} : ({ isHelper: true } as const); // who was a helper once is one for good
  const record = {
    ...markOf(known),
    ...marked,
    clientKey,
    ordinal: known?.ordinal ?? clients.nextOrdinal(),
    nickname: nickname ?? known?.nickname ?? null,
  };
  const isNew = known?.nickname !== record.nickname || known.isHelper !== markOf(record).isHelper;
  if (isNew) sources.saveClient({ ...record, ...failuresOf(known) });
  return Object.assign(known ?? clients.add(record), { ...markOf(record), nickname: record.nickname, hosting });
}

/** What the journal says of a client beside its name: nothing of most. */
export function markOf(client: Pick<JournalledClient, "isHelper"> | undefined): Pick<JournalledClient, "isHelper"> {
  return client?.isHelper === true ? { isHelper: true } : {};
}

/** What the journal says of a client's failures: nothing where there are none. */
export function failuresOf(client: Client | undefined): Pick<JournalledClient, "failures"> {
  return client === undefined || client.numFailures === 0 ? {} : { failures: client.numFailures };
}

function refuseNewcomer(sources: AdmissionSources): Refusal | null {
  const { clients, homes } = sources;
  const { maxDevices, roster } = sources.config.run;
  if (roster === "open" && !homes.hasRoom())
    return refuse("P-13", `all ${maxDevices} devices of this run are taken: maxDevices is ${maxDevices}`, {
      kind: "devicesFull",
      most: maxDevices,
    });
  const maxClients = roster === "fixed" ? limits.maxClients : Math.max(limits.maxClients, maxDevices);
  if (clients.all.size >= maxClients) forgetStrangers(sources);
  return clients.all.size < maxClients
    ? null
    : refuse("P-13", `this run takes at most ${maxClients} clients`, { kind: "runFull", most: maxClients });
}

/** Forgets who left without a device, but for the expected clients, whose devices wait for them by their number: names cost nothing to invent. */
function forgetStrangers({ config, clients, homes, removeClient, onForgotten }: AdmissionSources): void {
  for (const client of clients.all.values()) {
    const { clientKey, ordinal, isGone } = client;
    if (!isGone || ordinal < (config.expectedClients ?? 0) || homes.devicesOf(clientKey).length > 0) continue;
    clients.remove(client);
    onForgotten(client);
    removeClient(clientKey);
  }
}
