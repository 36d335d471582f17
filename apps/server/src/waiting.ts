import { noDeviceConnected, type Saying } from "@tutti/core";

/** What keeps a client from work, as far as the roster knows. */
export interface ClientFacts {
  /** Null while it is away. */
  readonly connection: { readonly isWelcomed: boolean } | null;
  readonly isPaused: boolean;
  readonly hasDeclined: boolean;
}

/** The clients that are connected, and how many of them cannot work. */
export interface ClientCounts {
  readonly numConnected: number;
  readonly numPaused: number;
  /** Without those that are paused, too. */
  readonly numDeclined: number;
  /** Of the others, those whose hello is answered: they take tasks. */
  readonly numWorking: number;
}

/** Clients counted by what they are doing. */
export interface ClientTally<Counted extends ClientFacts> {
  /** The client is new, or may be doing something else than before. */
  look(client: Counted): void;
  counts(): ClientCounts;
}

/** A tally that looks at a client when it changes: every join asks for the counts, and must not cost more with each client that is there. */
export function createClientTally<Counted extends ClientFacts>(): ClientTally<Counted> {
  const known = new Map<Counted, Doing>();
  const numDoing = { arriving: 0, working: 0, paused: 0, declined: 0 };
  return {
    look(client) {
      const [before = "away", now] = [known.get(client), doingOf(client)];
      if (before === now) return;
      if (before !== "away") numDoing[before] -= 1;
      if (now === "away") return void known.delete(client);
      numDoing[now] += 1;
      known.set(client, now);
    },
    counts() {
      const { arriving, working, paused, declined } = numDoing;
      return { numConnected: arriving + working + paused + declined, numPaused: paused, numDeclined: declined, numWorking: working };
    },
  };
}

type Doing = "away" | "arriving" | "working" | "paused" | "declined";

function doingOf({ connection, isPaused, hasDeclined }: ClientFacts): Doing {
  if (connection === null) return "away";
  if (isPaused) return "paused";
  if (hasDeclined) return "declined";
  return connection.isWelcomed ? "working" : "arriving";
}

/** What a run that waits says: as a sentence, and as kinds with figures where it has some. */
export interface Waited {
  readonly message: string;
  readonly said: readonly Saying[] | null;
}

/** Why a run waits, from the round loop's reason and its clients: a paused tab is not an absent one. */
export function whyWaiting(waited: Waited, { numConnected, numPaused, numDeclined }: ClientCounts): Waited {
  const { message, said } = waited;
  if (message !== noDeviceConnected || numConnected === 0) {
    if (numPaused === 0) return waited;
    const paused = said === null ? null : [...said, { kind: "tabsPaused" as const, count: numPaused }];
    return { message: `${message}; ${are(numPaused, "paused")}`, said: paused };
  }
  if (numPaused === numConnected) {
    const all = numPaused === 1 ? "the only connected tab is paused" : `all ${numPaused} connected tabs are paused`;
    return { message: all, said: [{ kind: "allPaused", count: numPaused }] };
  }
  const numArriving = numConnected - numPaused - numDeclined;
  const parts = [are(numPaused, "paused"), are(numDeclined, "unable to take part"), are(numArriving, "getting ready")];
  return {
    message: `no device can work yet: ${parts.filter((part) => part !== "").join(", ")}`,
    said: [{ kind: "noneWorks", numPaused, numDeclined, numArriving }],
  };
}

function are(count: number, state: string): string {
  return count === 0 ? "" : `${count} ${count === 1 ? "tab is" : "tabs are"} ${state}`;
}
