import { limits, type Order, type OrderEvent, type Orders, orderSchema } from "@tutti/protocol";
import type { FastifyInstance } from "fastify";
import type { z } from "zod";
import type { AuditEntry } from "../entry/audit.ts";
import type { Unfit } from "../orders/takeOrder.ts";

/** What the coordinator does with orders. */
export interface OrderActions {
  /** Resolves when the order is in the journal; `afterwards` is called once the answer has left. */
  order(order: Order): Promise<{ readonly event: OrderEvent; afterwards?(): void } | Unfit>;
  orders(): Orders;
}

/** Adds POST and GET /control/orders (P-175) to routes that ask for the operator's token. */
export function addOrders(
  control: FastifyInstance,
  actions: OrderActions,
  note: (from: string, entry: Omit<AuditEntry, "from">) => void,
): void {
  control.post("/control/orders", async (request, reply) => {
    void reply.header("cache-control", "no-store");
    const parsed = orderSchema.safeParse(request.body ?? {});
    if (!parsed.success) {
      note(request.ip, { action: "order", outcome: "malformed" });
      return reply.code(400).send({ error: `this is not an order: ${faultsOf(parsed.error)}`.slice(0, limits.maxReason) });
    }
    const order = parsed.data;
    const taken = await actions.order(order);
    const about = "clientKey" in order ? { clientKey: order.clientKey } : {};
    note(request.ip, { action: order.kind, ...about, outcome: "refused" in taken ? "unfit" : "done" });
    if ("refused" in taken) return reply.code(409).send({ error: taken.refused.slice(0, limits.maxReason), why: taken.why });
    const { event, afterwards } = taken;
    // a page that was closed meanwhile hears no answer, and its order is in the journal
    if (reply.raw.closed) afterwards?.();
    else if (afterwards !== undefined) reply.raw.once("close", afterwards);
    return reply.send({ event });
  });
  control.get("/control/orders", async (_request, reply) => reply.header("cache-control", "no-store").send(actions.orders()));
}

/** Each fault with the field that it is in. */
function faultsOf({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`)).join("; ");
}
