import type { RunInfo } from "@tutti/protocol";
import { PageFrame } from "../frame/pageFrame.tsx";
import { words } from "../words/words.ts";
import { fingerprintLines, type Warner, type WaysOn, warners } from "./browserWarnings.ts";

interface TrustPageProps {
  /** Null where no browser warns. */
  readonly trust: NonNullable<RunInfo["trust"]> | null;
  readonly ways: WaysOn;
  /** Of this reader. */
  readonly browser: Warner;
}

/** What the browser is about to say, before it says it, and both ways on. */
export function TrustPage({ trust, ways, browser }: TrustPageProps) {
  const isQuiet = trust === null || ways.isPast;
  return (
    <PageFrame current={null} foot={<p>{words.footer.about}</p>}>
      <div class="trust stack">
        <h1>{isQuiet ? words.classroom.pastTitle : words.classroom.trustTitle}</h1>
        <p class="lead">{isQuiet ? words.classroom.pastLead : words.classroom.trustLead}</p>
        <div class="actions">
          <a class="button primary big" href={ways.secure} data-testid="secure">
            {isQuiet ? words.classroom.goOn : words.classroom.goSecure}
          </a>
        </div>
        {!isQuiet && <WhatYouSee browser={browser} />}
        {trust !== null && <Fingerprint sha256={trust.sha256} />}
        {!isQuiet && ways.plain !== null && (
          <section class="card" aria-labelledby="plain-title">
            <h2 id="plain-title">{words.classroom.plainTitle}</h2>
            <p>{words.classroom.plainNote}</p>
            <a class="button" href={ways.plain} data-testid="plain">
              {words.classroom.goPlain}
            </a>
          </section>
        )}
      </div>
    </PageFrame>
  );
}

/** This browser's own words first, the others folded away. */
function WhatYouSee({ browser }: { readonly browser: Warner }) {
  const others = warners.filter((one) => one !== browser);
  return (
    <section class="card" aria-labelledby="warning-title">
      <h2 id="warning-title">{words.classroom.seeTitle}</h2>
      <Warning browser={browser} />
      {others.map((one) => (
        <details key={one}>
          <summary>{words.classroom.otherBrowser(words.classroom.warnings[one].name)}</summary>
          <Warning browser={one} />
        </details>
      ))}
    </section>
  );
}

function Warning({ browser }: { readonly browser: Warner }) {
  const { says, steps } = words.classroom.warnings[browser];
  return (
    <div class="warning" data-testid={`warning-${browser}`}>
      <blockquote>{says}</blockquote>
      <ol>
        {steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
    </div>
  );
}

function Fingerprint({ sha256 }: { readonly sha256: string }) {
  return (
    <section class="card" aria-labelledby="fingerprint-title">
      <h2 id="fingerprint-title">{words.classroom.fingerprintTitle}</h2>
      <p>{words.classroom.fingerprintNote}</p>
      <p class="fingerprint" data-testid="fingerprint">
        {fingerprintLines(sha256).map((line) => (
          <code key={line}>{line}</code>
        ))}
      </p>
    </section>
  );
}
