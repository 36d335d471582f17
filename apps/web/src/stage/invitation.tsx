import { words } from "../words/words.ts";

interface InvitationProps {
  /** Where people take part: the folder of the run's pages. */
  readonly address: string;
  /** What the link carries; null where everybody may come, or where this page does not know it. */
  readonly codeWord: string | null;
}

/** How to take part, in the corner of the wall. */
export function Invitation({ address, codeWord }: InvitationProps) {
  const link = codeWord === null ? address : `${address}#${new URLSearchParams({ token: codeWord })}`;
  return (
    <aside class="invitation" aria-label={words.stage.invitation} data-testid="invitation">
      <p class="soft small">{words.stage.invitation}</p>
      <p>
        <a href={link}>{address.replace(/^https?:\/\//, "").replace(/\/$/, "")}</a>
      </p>
      {codeWord !== null && <p class="code-word">{codeWord}</p>}
    </aside>
  );
}
