import { qrText } from "./qrText.ts";

/** What a teacher is told when the class is ready. */
export interface ClassTold {
  readonly title: string;
  /** What else is to be known of it. */
  readonly notes: readonly string[];
  /** What the code shows. */
  readonly link: string;
  /** The same without the code word: short enough to be typed. */
  readonly address: string;
  readonly codeWords: string | null;
  readonly stageLink: string;
  /** SHA-256; null where no browser warns. */
  readonly fingerprint: string | null;
  readonly numHelpers: number;
  readonly folder: string;
  readonly runId: string;
  /** Whether only this machine reaches it. */
  readonly isAlone: boolean;
  readonly isFinished: boolean;
}

/** What the browsers say of a certificate that they do not know, and how one goes on. */
export const warnings = [
  "Chrome, Edge: “Your connection is not private” — Advanced, then Proceed",
  "Safari: “This Connection Is Not Private” — Show Details, then visit this website",
  "Firefox: “Warning: Potential Security Risk Ahead” — Advanced, then Accept the Risk and Continue",
];

/** The lines of a class that is ready. */
export function classLines(told: ClassTold): string[] {
  const { title, notes, link, address, codeWords, stageLink, fingerprint, numHelpers, folder, runId, isFinished } = told;
  return [
    title,
    ...notes,
    ...(isFinished ? ["This run is finished: the pages show its result, and nobody can join."] : []),
    "",
    ...qrText(link),
    "",
    `Phones scan the code, or open   ${address}`,
    ...(codeWords === null ? [] : [`and type the three words         ${codeWords.replaceAll("-", " ")}`]),
    `For the wall, on this machine   ${stageLink}`,
    "  (the last link carries the operator's token: open it here, and do not pass it on)",
    ...(told.isAlone ? ["", "This machine is in no network, so only its own browsers can join: connect it, then start again."] : []),
    ...(fingerprint === null
      ? []
      : [
          "",
          "The page that they open first says this too: over https each browser warns once, because this machine made the certificate itself.",
          ...warnings.map((line) => `  ${line}`),
          "The certificate's SHA-256 fingerprint, by which one can tell that it is this machine's:",
          `  ${fingerprint}`,
          "Whoever cannot go past the warning goes on over plain http, from the same page: it works, only slower.",
        ]),
    "",
    ...(numHelpers === 0
      ? []
      : [`${numHelpers} helper devices of this machine train beside the first people, and step back as others come.`]),
    `Files are in ${folder}. Ctrl-C ends the class; \`tutti class --run ${runId}\` goes on with it. The lesson plan is docs/lesson.md.`,
  ];
}
