import type { CoordinatorConfig } from "../config.ts";
import type { Gate } from "../entry/gate.ts";
import { type Listening, linkTo, printedAddresses } from "../entry/links.ts";
import { actOn, listClients } from "../entry/operating.ts";
import type { ControlActions } from "../http/operator.ts";
import type { Journal } from "../journal/journal.ts";
import { listRunIds } from "../journal/readRun.ts";
import type { LiveRun } from "../liveRun.ts";
import { type NamedConfig, successor } from "./succession.ts";
import { type OrderPorts, takeOrder } from "./takeOrder.ts";

/** What the operator's routes act on. */
export interface ControlPorts {
  readonly config: CoordinatorConfig;
  readonly runId: string;
  readonly live: LiveRun;
  readonly gate: Gate;
  readonly journal: Pick<Journal, "flushed">;
  /** Null until it listens. */
  listening(): Listening | null;
  /** Null where this coordinator serves one run alone. */
  readonly follow: ((next: NamedConfig) => void) | null;
  stop(): void;
}

/** What the operator's routes do. */
export function controlActions(ports: ControlPorts): ControlActions {
  const { live, gate, config, runId, journal, listening, follow, stop } = ports;
  const { members } = live.pool;
  const toClient: ControlActions["toClient"] = (action, clientKey) => actOn({ gate, members }, action, clientKey);
  const orderPorts: OrderPorts = {
    config,
    live,
    toClient,
    successor(order) {
      const at = listening();
      if (follow === null || at === null) return null;
      const known = new Set(listRunIds(config.dataDir));
      return successor(order, { config, runId, port: at.port, linkToken: gate.linkToken }, known);
    },
  };
  return {
    async order(order) {
      const taken = takeOrder(order, orderPorts);
      if ("refused" in taken) return taken;
      await journal.flushed();
      const { event, next } = taken;
      if (next !== undefined) return { event, afterwards: () => follow?.(next) };
      return order.kind === "stop" ? { event, afterwards: stop } : { event };
    },
    orders: () => ({ events: live.book.events(), inForce: live.book.inForce() }),
    begin: live.begin,
    stop,
    toClient,
    invite(count, days) {
      const at = listening();
      const address = at === null ? undefined : (printedAddresses(config, at).find((one) => one !== at.url) ?? at.url);
      return address === undefined ? [] : gate.invite(count, days).map((token) => linkTo(address, token));
    },
    clients: () => listClients({ gate, members }),
    status: live.status,
  };
}
