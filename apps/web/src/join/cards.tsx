import type { EvaluationPoint, Status } from "@tutti/protocol";
import { formatBytes, formatPercent } from "./format.ts";
import { backendName } from "./text.ts";
import type { View } from "./view.ts";

/** Bytes of this tab, and what choosing layers and small numbers has saved it. */
export function TrafficCard({ view }: { readonly view: View }) {
  const { sentBytes, receivedBytes, savedBytes } = view.traffic;
  return (
    <section class="card" aria-labelledby="traffic-title">
      <h2 id="traffic-title">This tab’s traffic</h2>
      <dl class="facts">
        <dt>sent</dt>
        <dd data-testid="bytes-sent">{formatBytes(sentBytes)}</dd>
        <dt>saved by sending less</dt>
        <dd data-testid="bytes-saved">{formatBytes(savedBytes)}</dd>
        <dt>received, after the model</dt>
        <dd data-testid="bytes-received">{formatBytes(receivedBytes)}</dd>
      </dl>
      <p class="soft small note">Saved is measured against sending all layers, four bytes a number.</p>
    </section>
  );
}

/** What this tab computes with, and why, and for which devices. */
export function Computer({ view }: { readonly view: View }) {
  const { ready, deviceIds, numExamples } = view;
  return (
    <section class="card" aria-labelledby="computer-title">
      <h2 id="computer-title">This computer</h2>
      <dl class="facts">
        <dt>computes with</dt>
        <dd data-testid="backend" data-backend={ready?.backend}>
          {ready === null ? "…" : backendName(ready.backend, ready.threads)}
        </dd>
        <dt>devices here</dt>
        <dd data-testid="devices">{ready === null ? "…" : deviceIds.length === 0 ? "none yet" : deviceIds.length}</dd>
        <dt>examples here</dt>
        <dd data-testid="examples">{ready === null ? "…" : numExamples}</dd>
      </dl>
      <p class="soft small note" data-testid="backend-reason">
        {ready?.reason ?? "Measured once the model is here."}
      </p>
    </section>
  );
}

/** What the run came to: the last evaluation on the test split. */
export function Results({ status }: { readonly status: Status }) {
  const evaluations = status.history.findLast((point) => point.evaluations.length > 0)?.evaluations ?? [];
  const shown = evaluations.filter(({ split }) => split === "test");
  if (shown.length === 0) return null;
  return (
    <section class="card" aria-labelledby="results-title" data-testid="results">
      <h2 id="results-title">What came of it</h2>
      <dl class="facts">
        {shown.map((point) => (
          <ResultRow key={point.protocol} point={point} />
        ))}
      </dl>
      <p class="soft small note">Share of texts put into the right class, among texts nobody trained on.</p>
    </section>
  );
}

const protocolNames: Readonly<Record<EvaluationPoint["protocol"], string>> = {
  newcomer: "someone new, with the shared prompts",
  personalised: "those who took part, with their own prompts",
  global: "the shared prompts",
  zeroShot: "before any training",
};

function ResultRow({ point }: { readonly point: EvaluationPoint }) {
  return (
    <>
      <dt>{protocolNames[point.protocol]}</dt>
      <dd data-testid={`accuracy-${point.protocol}`}>{formatPercent(point.accuracy)}</dd>
    </>
  );
}
