import { type Hello, type Refusal, refuse } from "@tutti/protocol";
import type { CoordinatorConfig } from "../config.ts";
import type { JournalledStanding } from "../journal/journal.ts";
import { drawCodeWords, isSameCodeWord } from "./codeWords.ts";
import { createInvitations } from "./invitations.ts";
import { createStandings, type StandingsJournal } from "./standings.ts";
import { createToken, tokenIn } from "./tokens.ts";

/** What the gate needs of its surroundings. */
export interface GatePorts {
  readonly config: Pick<CoordinatorConfig, "admission" | "codeWord" | "codeWords" | "approval">;
  readonly runId: string;
  /** Of the run; it keeps the secrets. */
  readonly folder: string;
  readonly journal: StandingsJournal;
  /** Milliseconds since 1970. */
  now(): number;
}

/** A client that the operator has not let in yet. */
export interface Waiting {
  readonly clientKey: string;
  readonly nickname: string | null;
  /** When it asked last, in milliseconds since 1970. */
  readonly askedAt: number;
}

/** Who may come into a run (P-102 to P-105). */
export interface Gate {
  /** What the printed link carries; null where everybody may come. */
  readonly linkToken: string | null;
  /** Why a client whose key is proven may not come in, or null. An invitation that it brings is its own from then on. */
  refuse(hello: Pick<Hello, "clientKey" | "token" | "nickname">): Refusal | null;
  /** Whether who brings this may have what the run has tuned (P-186); it redeems nothing. */
  mayRead(token: string | undefined): boolean;
  standingOf(clientKey: string): JournalledStanding;
  /** Clients that wait for the operator, the latest at the end. */
  waiting(): readonly Waiting[];
  banned(): readonly string[];
  /** Whom the operator has let in or banned. */
  standings(): readonly JournalledStanding[];
  approve(clientKey: string): void;
  ban(clientKey: string): void;
  /** Takes a ban back. */
  pardon(clientKey: string): void;
  /** Tokens of invitations, of which each lets one client in. */
  invite(count: number, days: number | null): readonly string[];
}

/** The code word that was drawn for the run, the same after a restart: three words, or a token that nobody can type. */
export function drawnCodeWord(folder: string, isOfWords: boolean): string {
  return isOfWords ? tokenIn(folder, "link.words", drawCodeWords) : tokenIn(folder, "link.token", () => createToken().slice(0, 16));
}

/** Names cost nothing to invent: the list of who waits has an end. */
const maxWaiting = 1000;

/** A gate that goes on from what was journalled. */
export function createGate({ config, runId, folder, journal, now }: GatePorts): Gate {
  const { admission, approval } = config;
  const standings = createStandings(journal);
  const invitations = createInvitations({ runId, folder, standings, now });
  const codeWord = admission === "code" ? (config.codeWord ?? drawnCodeWord(folder, config.codeWords)) : null;
  const waiting = new Map<string, Waiting>();

  function refuseToken({ clientKey, token }: Pick<Hello, "clientKey" | "token">): Refusal | null {
    if (admission === "invitations") return invitations.redeem(clientKey, token);
    if (codeWord === null || isSameCodeWord(token ?? "", codeWord)) return null;
    const why = token === undefined ? "this run is by code word" : "the code word is not this run's";
    return refuse("P-102", `${why}: open the link that the operator gave you, or ask for the word`, {
      kind: token === undefined ? "wordMissing" : "wordWrong",
    });
  }

  function refuseUnapproved({ clientKey, nickname }: Pick<Hello, "clientKey" | "nickname">): Refusal | null {
    if (!approval || standings.of(clientKey).isApproved) {
      waiting.delete(clientKey);
      return null;
    }
    waiting.delete(clientKey);
    const [first] = waiting.keys();
    if (waiting.size >= maxWaiting && first !== undefined) waiting.delete(first);
    waiting.set(clientKey, { clientKey, nickname: nickname ?? null, askedAt: now() });
    return refuse("P-104", "the operator has not let you in yet: stay, and the next hello tells");
  }

  return {
    linkToken: admission === "invitations" ? invitations.invite(null) : codeWord,
    refuse(hello) {
      if (standings.of(hello.clientKey).isBanned)
        return refuse("P-105", "the operator has banned this client from the run", { kind: "banned" });
      return refuseToken(hello) ?? refuseUnapproved(hello);
    },
    mayRead(token) {
      if (admission === "invitations") return token !== undefined && invitations.isGenuine(token);
      return codeWord === null || isSameCodeWord(token ?? "", codeWord);
    },
    standingOf: standings.of,
    waiting: () => [...waiting.values()],
    banned: standings.banned,
    standings: standings.all,
    approve(clientKey) {
      waiting.delete(clientKey);
      standings.change(clientKey, { isApproved: true, isBanned: false });
    },
    ban(clientKey) {
      waiting.delete(clientKey);
      standings.change(clientKey, { isApproved: false, isBanned: true });
    },
    pardon: (clientKey) => standings.change(clientKey, { isBanned: false }),
    invite: (count, days) => Array.from({ length: count }, () => invitations.invite(days)),
  };
}
