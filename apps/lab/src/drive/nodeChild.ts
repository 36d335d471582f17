import type { ClientSession } from "@tutti/client";
import { joinRun } from "@tutti/client/node";
import { createTrainer, memoryCache } from "@tutti/model";
import { attackingTrainer } from "../attacks/attackingTrainer.ts";
import type { AttackOrder } from "../attacks/attackOrder.ts";
import { poisonedRows } from "../attacks/poisonedRows.ts";
import { noisyTrainer } from "../noise/noisyTrainer.ts";
import type { NodeClientMessage, NodeJoin } from "./nodeClients.ts";

let attack: AttackOrder | null = null;
const trainer = createTrainer({
  cache: memoryCache(),
  trainingRows: (deviceId, dealt) => poisonedRows(attack, deviceId, dealt),
});
const tell = (message: NodeClientMessage) => process.send?.(message);
let leaving: Promise<unknown> = Promise.resolve();
let session: { readonly joined: ClientSession; readonly abort: AbortController } | null = null;

process.on("disconnect", () => process.exit(0));
process.on("message", (message: NodeJoin) => {
  leaving = leaving.then(() => follow(message));
});

/** Ends what is under way, then joins another run. */
async function follow({ clientKey, folder, ...target }: NodeJoin): Promise<void> {
  session?.abort.abort();
  await session?.joined.whenEnded;
  await trainer.stop();
  attack = target.attack ?? null;
  const sending = attack === null ? trainer : attackingTrainer(trainer, attack);
  const abort = new AbortController();
  const joined = joinRun({
    url: target.url,
    clientKey,
    folder,
    trainer: target.noise === undefined ? sending : noisyTrainer(sending, target.noise),
    backend: target.backend,
    threads: target.threads,
    kernels: target.kernels,
    simulated: target.machine,
    signal: abort.signal,
    socketOptions: { reconnectionDelay: 50, reconnectionDelayMax: 500 },
    onEvent(event) {
      if (event.kind === "ready") tell({ kind: "ready" });
      if (event.kind === "ended" && event.end.reason === "failed") tell({ kind: "failed", message: event.end.message });
    },
  });
  session = { joined, abort };
}
