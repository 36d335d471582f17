import type { ComponentChildren } from "preact";
import { words } from "../words/words.ts";
import { LanguageChoice } from "./languageChoice.tsx";

/** The pages of a run, in the order of their links. */
export const pages = ["join", "stage", "try"] as const;

/** A page of a run. */
export type PageName = (typeof pages)[number];

interface PageFrameProps {
  /** Null on a page beside them. */
  readonly current: PageName | null;
  /** At the right of the name, such as how the page is connected. */
  readonly sign?: ComponentChildren;
  /** Whether the links open another tab, because this one is at work. */
  readonly opensElsewhere?: boolean;
  /** Between the head and what the page is about. */
  readonly ornament?: ComponentChildren;
  /** The line under everything. */
  readonly foot?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** What all pages share: the name, the way to the other pages, and the foot. */
export function PageFrame({ current, sign, opensElsewhere = false, ornament, foot, children }: PageFrameProps) {
  return (
    <div class="page">
      <header class="masthead">
        <p class="wordmark">Tutti</p>
        <PageLinks current={current} opensElsewhere={opensElsewhere} />
        {sign}
      </header>
      {ornament}
      <main>{children}</main>
      <footer>
        {foot}
        <LanguageChoice />
      </footer>
    </div>
  );
}

/** Relative links, since a run may lie under a path; what lets this browser in travels behind the `#`. */
function PageLinks({ current, opensElsewhere }: { readonly current: PageName | null; readonly opensElsewhere: boolean }) {
  const files: Readonly<Record<PageName, string>> = { join: "./", stage: "./stage", try: "./try" };
  return (
    <nav class="page-links" aria-label={words.pageLinks.label}>
      {pages.map((name) => (
        <a
          key={name}
          href={`${files[name]}${location.search}${location.hash}`}
          aria-current={name === current ? "page" : undefined}
          {...(opensElsewhere && name !== current ? { target: "_blank", rel: "noopener" } : {})}
        >
          {words.pageLinks[name]}
          {opensElsewhere && name !== current && <span class="visually-hidden"> {words.pageLinks.elsewhere}</span>}
        </a>
      ))}
    </nav>
  );
}
