import { type ReadonlySignal, signal } from "@preact/signals";
import {
  type ListedClient,
  listedClientsSchema,
  type Order,
  type OrderInput,
  type Orders,
  orderEventSchema,
  orderRefusalSchema,
  ordersSchema,
  type RunInfo,
  type Status,
  statusSchema,
} from "@tutti/protocol";
import type { z } from "zod";
import { operatorFetch } from "../../frame/operatorToken.ts";
import { fetchRunInfo } from "../../join/runInfo.ts";
import { orderRefusalText } from "../../saying/problems.ts";
import { asSentence } from "../../saying/text.ts";
import { words } from "../../words/words.ts";
import { orderText } from "./orderText.ts";

/** What the panel shows. */
export interface OperatorView {
  readonly run: RunInfo | null;
  readonly status: Status | null;
  readonly orders: Orders | null;
  readonly clients: readonly ListedClient[];
  /** What became of the last order. */
  readonly said: { readonly isDone: boolean; readonly text: string } | null;
  /** Why nothing can be shown at present; null where it can. */
  readonly problem: string | null;
  /** The token is not this coordinator's. */
  readonly isRefused: boolean;
}

/** A panel's connection to the coordinator. */
export interface Operator {
  readonly view: ReadonlySignal<OperatorView>;
  /** Resolves when it was answered; what became of it is in the view. */
  give(order: OrderInput): Promise<void>;
  close(): void;
}

const emptyView: OperatorView = { run: null, status: null, orders: null, clients: [], said: null, problem: null, isRefused: false };

const askEveryMs = 1500;

/** Asks the coordinator whose pages lie in `folder` what there is to operate, again and again until it is closed. */
export function createOperator(folder: string, token: string): Operator {
  const view = signal(emptyView);
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isClosed = false;
  const change = (more: Partial<OperatorView>) => {
    view.value = { ...view.value, ...more };
  };

  async function read<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const response = await operatorFetch(folder, token, path).catch(() => null);
    if (response === null) throw new Error(words.operator.silent);
    if (response.status === 401) change({ isRefused: true });
    if (!response.ok) throw new Error(words.operator.silent);
    const parsed = schema.safeParse(await response.json().catch(() => null));
    if (!parsed.success) throw new Error(words.operator.notUnderstood);
    return parsed.data;
  }

  async function look(): Promise<void> {
    try {
      const [status, orders, { clients }] = await Promise.all([
        read("control/status", statusSchema),
        read("control/orders", ordersSchema),
        read("control/clients", listedClientsSchema),
      ]);
      const known = view.value.run;
      const run = known?.runId === status.runId ? known : await fetchRunInfo(folder);
      change({ run, status, orders, clients, problem: null });
    } catch (error) {
      change({ problem: error instanceof Error ? error.message : String(error) });
    }
  }

  async function again(): Promise<void> {
    if (!document.hidden) await look();
    if (!isClosed && !view.value.isRefused) timer = setTimeout(() => void again(), askEveryMs);
  }

  void again();
  return {
    view,
    async give(order) {
      change({ said: await sayOf(folder, token, order) });
      await look();
    },
    close() {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

async function sayOf(folder: string, token: string, order: OrderInput): Promise<OperatorView["said"]> {
  const { operator } = words;
  const response = await operatorFetch(folder, token, "control/orders", order).catch(() => null);
  if (response === null) return { isDone: false, text: operator.silent };
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) {
    const event = orderEventSchema.safeParse(fieldOf(answer, "event"));
    return { isDone: true, text: operator.done(orderText(event.data ?? { order: order as Order })) };
  }
  if (response.status === 401) return { isDone: false, text: operator.refused };
  const why = orderRefusalSchema.safeParse(fieldOf(answer, "why"));
  if (why.success) return { isDone: false, text: operator.notDone(orderRefusalText(why.data)) };
  const error = fieldOf(answer, "error");
  return { isDone: false, text: operator.notDone(asSentence(typeof error === "string" ? error : String(response.status))) };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
