import type { Journal, JournalledStanding } from "../journal/journal.ts";

/** Admissions by client key, journalled with each change. */
export interface Standings {
  of(clientKey: string): JournalledStanding;
  /** Who has redeemed an invitation, or null. */
  holderOf(invitation: string): string | null;
  change(clientKey: string, changes: Partial<Omit<JournalledStanding, "clientKey">>): void;
  banned(): readonly string[];
}

/** The standings that a journal has. */
export function createStandings(journal: Pick<Journal, "contents" | "putStanding">): Standings {
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
    banned: () => [...byKey.values()].filter(({ isBanned }) => isBanned).map(({ clientKey }) => clientKey),
  };
}
