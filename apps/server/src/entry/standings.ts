import type { Journal, JournalledStanding } from "../journal/journal.ts";

/** Admissions by client key, journalled with each change. */
export interface Standings {
  of(clientKey: string): JournalledStanding;
  /** Who has redeemed an invitation, or null. */
  holderOf(invitation: string): string | null;
  change(clientKey: string, changes: Partial<Omit<JournalledStanding, "clientKey">>): void;
  banned(): readonly string[];
  all(): readonly JournalledStanding[];
}

/** The part of a journal that keeps standings. */
export interface StandingsJournal extends Pick<Journal, "putStanding"> {
  contents(): { readonly standings: readonly JournalledStanding[] } | null;
}

/** The journal as the gate reads it: a new run has the standings of the one before it. */
export function withStandings(journal: Journal, before: readonly JournalledStanding[] = []): StandingsJournal {
  const isNew = journal.contents() === null;
  return { contents: () => (isNew ? { standings: before } : journal.contents()), putStanding: journal.putStanding };
}

/** The standings that a journal has. */
export function createStandings(journal: StandingsJournal): Standings {
  const byKey = new Map<string, JournalledStanding>();
  const holders = new Map<string, string>();
  const keep = (standing: JournalledStanding) => {
    byKey.set(standing.clientKey, standing);
    if (standing.invitation !== null) holders.set(standing.invitation, standing.clientKey);
  };
  for (const standing of journal.contents()?.standings ?? []) keep(standing);
  const of = (clientKey: string) => byKey.get(clientKey) ?? { clientKey, invitation: null, isApproved: false, isBanned: false };
  return {
    of,
    holderOf: (invitation) => holders.get(invitation) ?? null,
    change(clientKey, changes) {
      const standing = { ...of(clientKey), ...changes };
      keep(standing);
      journal.putStanding(standing);
    },
    all: () => [...byKey.values()],
    banned: () => [...byKey.values()].filter(({ isBanned }) => isBanned).map(({ clientKey }) => clientKey),
  };
}
