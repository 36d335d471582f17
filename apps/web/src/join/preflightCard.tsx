import { words } from "../words/words.ts";
import { type DeviceFacts, type Finding, preflight, type RunNeeds } from "./preflight.ts";

interface PreflightCardProps {
  /** Null while the look is under way. */
  readonly device: DeviceFacts | null;
  readonly needs: RunNeeds;
}

/** What this device can do for the run, what is missing, and how to mend it. */
export function PreflightCard({ device, needs }: PreflightCardProps) {
  return (
    <section class="card preflight" aria-labelledby="preflight-title" aria-busy={device === null} data-testid="preflight">
      <h2 id="preflight-title">{words.preflight.title}</h2>
      {device === null ? (
        <p class="soft looking">{words.preflight.looking}</p>
      ) : (
        <dl class="programme">
          {preflight(device, needs).map((finding) => (
            <FindingRow key={finding.of} finding={finding} />
          ))}
        </dl>
      )}
    </section>
  );
}

function FindingRow({ finding }: { readonly finding: Finding }) {
  const { of, isGood, mend } = finding;
  return (
    <>
      <dt>{words.preflight.names[of]}</dt>
      <dd class={isGood ? "good" : "lacking"} data-testid={`preflight-${of}`} data-mend={mend}>
        {findingText(finding)}
        {mend !== null && <span class="mend small">{words.preflight.mend[mend]}</span>}
      </dd>
    </>
  );
}

function findingText(finding: Finding): string {
  switch (finding.of) {
    case "backend":
      return backendText(finding);
    case "speed":
      return words.preflight.speed(finding.gigaflops, finding.numCores);
    case "memory":
      return memoryText(finding);
    case "storage":
      return storageText(finding);
    case "battery":
      return words.preflight.battery(finding.level, finding.isCharging);
  }
}

function memoryText({ kind, gib, neededBytes }: Finding & { readonly of: "memory" }): string {
  if (kind === "enough") return words.preflight.memory(gib);
  return kind === "low" ? words.preflight.lowMemory(gib, neededBytes) : words.preflight.forwardMemory(gib, neededBytes);
}

function backendText(finding: Finding & { readonly of: "backend" }): string {
  switch (finding.kind) {
    case "asked":
      return words.preflight.asked(finding.backend);
    case "remembered":
      return words.preflight.remembered(finding.backend, finding.threads);
    case "plainHttp":
      return words.preflight.plainHttp;
    default:
      return words.preflight[finding.kind](finding.threads);
  }
}

function storageText(finding: Finding & { readonly of: "storage" }): string {
  switch (finding.kind) {
    case "room":
      return words.preflight.storage(finding.freeBytes);
    case "littleRoom":
      return words.preflight.littleRoom(finding.freeBytes, finding.neededBytes);
    case "works":
      return words.preflight.storageWorks;
    case "private":
      return words.preflight.privateWindow;
    case "none":
      return words.preflight.noStorage;
  }
}
