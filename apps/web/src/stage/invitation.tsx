import { JoinCode } from "../class/joinCode.tsx";
import { words } from "../words/words.ts";

interface InvitationProps {
  /** Where people take part: the address that the coordinator gives out, or the folder of the run's pages. */
  readonly address: string;
  /** What the link carries; null where everybody may come, or where this page does not know it. */
  readonly codeWord: string | null;
}

/** How to take part, in the corner of the wall: to be scanned, or to be typed. */
export function Invitation({ address, codeWord }: InvitationProps) {
  const link = codeWord === null ? address : `${address}#${new URLSearchParams({ token: codeWord })}`;
  return (
    <aside class="invitation" aria-label={words.stage.invitation} data-testid="invitation">
      <JoinCode link={link} />
      <div>
        <p class="soft small">{words.stage.invitation}</p>
        <p>
          <a class="address" href={link}>
            {inParts(address.replace(/^https?:\/\//, "").replace(/\/$/, ""))}
          </a>
        </p>
        {codeWord !== null && <p class="code-word">{codeOfWords.test(codeWord) ? codeWord.replaceAll("-", " ") : codeWord}</p>}
      </div>
    </aside>
  );
}

/** An address may break before its port and its path, and nowhere else. */
function inParts(address: string) {
  return address.split(/(?=[:/])/).map((part) => (
    <>
      {part}
      <wbr />
    </>
  ));
}

/** Three words, which are read and typed with spaces as well. */
const codeOfWords = /^[a-z]+(-[a-z]+){2}$/;
