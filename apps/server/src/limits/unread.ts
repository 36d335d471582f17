import type { Server } from "socket.io";
import type { Clock } from "../pool/clock.ts";

/** Packets that may wait for a client which polls and does not fetch them: a lease for each of its devices, and then some. */
const maxUnreadPackets = 10_000;

const lookEveryMs = 5000;

/** As much of a socket of engine.io as that needs. */
interface UnreadSocket {
  readonly writeBuffer: readonly unknown[];
  close(discardsUnread: boolean): void;
}

/** Closes sockets that poll and do not fetch what they are sent (P-141). Returns what stops it. */
export function closeUnread({ engine }: Server, { after }: Pick<Clock, "after">, onClosed: () => void): () => void {
  const clients = (engine as unknown as { readonly clients: Readonly<Record<string, UnreadSocket>> }).clients;
  let cancel: () => void = () => undefined;
  const look = (): void => {
    for (const socket of Object.values(clients)) {
      if (socket.writeBuffer.length <= maxUnreadPackets) continue;
      onClosed();
      socket.close(true);
    }
    cancel = after(lookEveryMs, look);
  };
  cancel = after(lookEveryMs, look);
  return () => cancel();
}
