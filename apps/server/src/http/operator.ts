import { clientKeySchema, type ListedClient, limits, type Status } from "@tutti/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Audit, AuditEntry } from "../entry/audit.ts";
import { isBearer } from "../entry/tokens.ts";
import { addOrders, type OrderActions } from "./orders.ts";

/** What an operator can do about a client. */
export const clientActions = ["approve", "kick", "ban", "pardon"] as const;

/** `pardon` takes a ban back. */
export type ClientAction = (typeof clientActions)[number];

/** What an operator can order. */
export interface ControlActions extends OrderActions {
  /** Begins a run with an open roster before `minDevices` are registered. */
  begin(): void;
  /** Says goodbye and ends the coordinator; the run can be resumed. */
  stop(): void;
  /** False where no client of this key is known. */
  toClient(action: ClientAction, clientKey: string): boolean;
  /** Links to the run, of which each lets one client in. */
  invite(count: number, days: number | null): readonly string[];
  clients(): readonly ListedClient[];
  status(): Status;
}

/** Whom orders are taken from, and where they are written. */
export interface ControlDoor {
  readonly token: string;
  readonly audit: Audit;
  /** Why a request is refused that only our pages and programs may make, or null (P-101). */
  refuse(request: FastifyRequest["raw"]): string | null;
}

const invitationOrderSchema = z.strictObject({
  count: z.int().min(1).max(1000).default(1),
  /** After which nobody can redeem them. */
  days: z.number().positive().max(3650).nullable().default(null),
});

interface ClientRoute {
  readonly Params: { readonly clientKey: string };
}

/** Adds the routes under /control, for bearers of the operator's token; every order is in the audit log (P-106). */
export function addControl(app: FastifyInstance, { token, audit, refuse }: ControlDoor, actions: ControlActions): void {
  const note = (request: FastifyRequest, entry: Omit<AuditEntry, "from">) => audit.note({ ...entry, from: request.ip });
  void app.register((control, _options, done) => {
    control.addHook("onRequest", async (request, reply) => {
      const foreign = refuse(request.raw);
      if (foreign !== null) return reply.code(403).send({ error: foreign });
      if (isBearer(request.headers.authorization, token)) return;
      note(request, { action: `${request.method} ${request.url.slice(0, 200)}`, outcome: "refused" });
      await reply.code(401).send({ error: "the control token is missing or wrong" });
    });
    for (const name of ["begin", "stop"] as const) {
      control.post(`/control/${name}`, async (request, reply) => {
        note(request, { action: name, outcome: "done" });
        reply.raw.once("close", () => actions[name]()); // to stop closes every connection: the answer leaves first
        return reply.send({ isAccepted: true });
      });
    }
    for (const action of clientActions) {
      control.post<ClientRoute>(`/control/clients/:clientKey/${action}`, async (request, reply) => {
        const { clientKey } = request.params;
        const isDone = clientKeySchema.safeParse(clientKey).success && actions.toClient(action, clientKey);
        note(request, { action, clientKey: clientKey.slice(0, 64), outcome: isDone ? "done" : "unknown" });
        return isDone ? reply.send({ isAccepted: true }) : reply.code(404).send({ error: "no client of this key is known" });
      });
    }
    control.post("/control/invitations", async (request, reply) => {
      const order = invitationOrderSchema.safeParse(request.body ?? {});
      if (!order.success)
        return reply.code(400).send({ error: `an invitation: ${z.prettifyError(order.error).slice(0, limits.maxReason)}` });
      const { count, days } = order.data;
      note(request, { action: "invite", count, outcome: "done" });
      return noStore(reply).send({ links: actions.invite(count, days) });
    });
    addOrders(control, actions, (from, entry) => audit.note({ ...entry, from }));
    control.get("/control/clients", async (_request, reply) => noStore(reply).send({ clients: actions.clients() }));
    control.get("/control/status", async (_request, reply) => noStore(reply).send(actions.status()));
    done();
  });
}

function noStore(reply: FastifyReply): FastifyReply {
  return reply.header("cache-control", "no-store");
}
