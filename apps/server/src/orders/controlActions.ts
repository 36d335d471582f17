import type { Order } from "@tutti/protocol";
import { ConfigError, type CoordinatorConfig } from "../config.ts";
import type { Gate } from "../entry/gate.ts";
import { type Listening, linkTo, printedAddresses } from "../entry/links.ts";
import { actOn, isAbout, listClients } from "../entry/operating.ts";
import type { ControlActions } from "../http/operator.ts";
import type { Journal } from "../journal/journal.ts";
import { listRunIds } from "../journal/readRun.ts";
import type { LiveRun } from "../liveRun.ts";
import { type Following, successor } from "./succession.ts";
import { type OrderPorts, takeOrder, type Unfit, whyFollowed } from "./takeOrder.ts";

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
  readonly follow: Following | null;
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
    isAbout: (action, clientKey) => isAbout({ gate, members }, action, clientKey),
    toClient,
    unopened: follow?.unopened,
    successor(order) {
      const at = listening();
      if (follow === null || at === null) return null;
      const known = new Set(listRunIds(config.dataDir));
      return successor(order, { config, runId, port: at.port, linkToken: gate.linkToken }, known);
    },
  };
  let isPreparing = false;
  /** Why no such run can follow, found before this one is closed for it; what is made ready for one order is not put aside for another. */
  async function whyUnready(order: Order): Promise<Unfit | null> {
    if (order.kind !== "newRun" && order.kind !== "switchStrategy") return null;
    if (isPreparing) return { refused: "another run is being made ready to follow this one", why: { kind: "isBeingFollowed" } };
    const followed = whyFollowed(live.book, follow?.unopened);
    if (followed !== null) return followed;
    isPreparing = true;
    try {
      const next = orderPorts.successor(order);
      if (next !== null) await follow?.prepare(next);
      return null;
    } catch (error) {
      if (error instanceof ConfigError) return { refused: error.message };
      throw error;
    } finally {
      isPreparing = false;
    }
  }

  return {
    async order(order) {
      const unready = await whyUnready(order);
      const taken = unready === null ? takeOrder(order, orderPorts) : unready;
      if ("refused" in taken) return taken;
      await journal.flushed();
      const { event, next } = taken;
      if (next !== undefined) return { event, afterwards: () => follow?.begin() };
      return order.kind === "stop" ? { event, afterwards: stop } : { event };
    },
    orders: () => ({ events: live.book.events(), inForce: live.book.inForce() }),
    begin() {
      if ("refused" in takeOrder({ kind: "start" }, orderPorts)) live.begin();
    },
    stop() {
      takeOrder({ kind: "stop" }, orderPorts);
      stop();
    },
    toClient(action, clientKey) {
      if (action !== "approve" && action !== "kick") return toClient(action, clientKey);
      return "event" in takeOrder({ kind: action === "kick" ? "sendAway" : "approve", clientKey }, orderPorts);
    },
    invite(count, days) {
      const at = listening();
      const address = at === null ? undefined : (printedAddresses(config, at).find((one) => one !== at.url) ?? at.url);
      return address === undefined ? [] : gate.invite(count, days).map((token) => linkTo(address, token));
    },
    clients: () => listClients({ gate, members }),
    status: live.status,
  };
}
