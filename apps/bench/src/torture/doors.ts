import { startCoordinator } from "@tutti/server";
import { joinAsClient, newClient, type ProtocolClientOptions, provenHello, tinyFedAvg, tinyTuned } from "@tutti/server/testing";
import { type BenchRow, row } from "../rows.ts";

/** What this part needs of `npm run torture`. */
interface DoorsPlace {
  readonly folder: string;
  readonly signal: AbortSignal;
}

type Coordinator = Awaited<ReturnType<typeof startCoordinator>>;

const numTries = 200;
const run = tinyFedAvg({ roster: "open", numDevices: 4, maxDevices: 1000, minDevices: 1000 });

/** Who tries to come in without the right, on real sockets: of each attack, how many tries succeeded. */
export async function tortureDoors({ folder, signal }: DoorsPlace): Promise<readonly BenchRow[]> {
  const config = { host: "127.0.0.1", port: 0, pagesDir: null, logLevel: "silent", publicDir: folder, writesRunFiles: false, run } as const;
  const start = (runId: string, admission: "open" | "code" | "invitations") =>
    startCoordinator({ ...config, dataDir: folder, runId, admission }, { tuned: tinyTuned(run) });
  const attacks: readonly [
    name: string,
    admission: "open" | "code" | "invitations",
    attack: (coordinator: Coordinator) => Promise<number>,
  ][] = [
    ["sockets that another website's page opened", "open", foreignPages],
    ["sockets that a name bound to this machine opened", "open", reboundNames],
    ["clients that came in with an overheard hello", "open", overheardHellos],
    ["guessed code words that let somebody in", "code", guessedWords],
    ["clients beyond one that an invitation let in", "invitations", sharedInvitations],
    ["forged invitations that let somebody in", "invitations", guessedWords],
    ["orders that were taken without the operator's token", "open", ordersWithoutToken],
  ];
  const rows: BenchRow[] = [];
  for (const [index, [name, admission, attack]] of attacks.entries()) {
    signal.throwIfAborted();
    const coordinator = await start(`doors-${index}`, admission);
    try {
      rows.push({ ...row(name, await attack(coordinator), "", { atMost: 0 }), note: `of ${numTries} tries` });
    } finally {
      await coordinator.close();
    }
  }
  return rows;
}

/** How many of the tries are let in, a few at a time. */
async function countIn(attempt: (index: number) => Promise<boolean>): Promise<number> {
  let numIn = 0;
  for (let first = 0; first < numTries; first += 20) {
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, index) => attempt(first + index)));
    numIn += outcomes.filter(Boolean).length;
  }
  return numIn;
}

/** Whether a client comes in; a socket that is refused at once does not connect again. */
async function comesIn({ url }: Coordinator, name: string, options: Partial<ProtocolClientOptions>): Promise<boolean> {
  const client = joinAsClient({ url, kept: newClient(name), ...options, socketOptions: { reconnection: false, ...options.socketOptions } });
  const isUnconnected = new Promise<boolean>((resolve) => client.socket.on("connect_error", () => resolve(false)));
  const isIn = client.when("welcome").then(() => true);
  const isRefused = client.when("refused").then(() => false);
  const outcome = await Promise.race([isIn, isRefused, isUnconnected]);
  client.close();
  return outcome;
}

function foreignPages(coordinator: Coordinator): Promise<number> {
  return countIn((index) =>
    comesIn(coordinator, `foreign ${index}`, { socketOptions: { extraHeaders: { origin: `https://site-${index}.example` } } }),
  );
}

function reboundNames(coordinator: Coordinator): Promise<number> {
  return countIn((index) => {
    const host = `site-${index}.example:${coordinator.port}`;
    return comesIn(coordinator, `rebound ${index}`, { socketOptions: { extraHeaders: { host, origin: `http://${host}` } } });
  });
}

async function overheardHellos(coordinator: Coordinator): Promise<number> {
  const victim = joinAsClient({ url: coordinator.url, kept: newClient("victim") });
  await victim.when("welcome");
  const overheard = provenHello(victim.kept, { socket: victim.socket, url: coordinator.url });
  const numIn = await countIn((index) => comesIn(coordinator, `thief ${index}`, { hello: () => overheard }));
  victim.close();
  return numIn;
}

function guessedWords(coordinator: Coordinator): Promise<number> {
  const token = coordinator.linkToken ?? "";
  const guess = (index: number) =>
    `${token.slice(0, index % token.length)}${String.fromCharCode(97 + (index % 26))}${token.slice(1 + (index % token.length))}`;
  return countIn((index) =>
    guess(index) === token ? Promise.resolve(false) : comesIn(coordinator, `guesser ${index}`, { token: guess(index) }),
  );
}

async function sharedInvitations(coordinator: Coordinator): Promise<number> {
  const token = coordinator.linkToken ?? "";
  return Math.abs((await countIn((index) => comesIn(coordinator, `guest ${index}`, { token }))) - 1); // one comes in
}

function ordersWithoutToken({ url }: Coordinator): Promise<number> {
  return countIn(async (index) => {
    const headers = { authorization: `Bearer ${String(index).repeat(8)}` };
    return (await fetch(`${url}/control/stop`, { method: "POST", headers })).ok;
  });
}
