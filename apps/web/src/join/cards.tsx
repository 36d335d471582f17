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
        <dt>received</dt>
        <dd data-testid="bytes-received">{formatBytes(receivedBytes)}</dd>
      </dl>
      <p class="soft small note">Without the model itself. Saved is measured against sending all layers, four bytes a number.</p>
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
        <dt>computes on</dt>
        <dd data-testid="backend" data-backend={ready?.backend} data-kernels={ready?.kernels}>
          {ready === null ? "…" : backendName(ready.backend, ready.threads)}
        </dd>
        <dt>devices here</dt>
        <dd data-testid="devices">{ready === null ? "…" : deviceIds.length === 0 ? "none yet" : deviceIds.length}</dd>
        <dt>examples here</dt>
        <dd data-testid="examples">{ready === null ? "…" : numExamples}</dd>
      </dl>
      <p class="soft small note" data-testid="backend-reason">
        {ready?.reason ?? "Known once this tab is ready."}
      </p>
    </section>
  );
}

/** What the run came to: the last evaluation of each kind on the test split, the newcomer's first. */
export function Results({ status }: { readonly status: Status }) {
  const newcomer = lastEvaluation(status, "newcomer");
  if (newcomer === null) return null;
  const others = otherProtocols.flatMap(({ protocol, name }) => {
    const found = lastEvaluation(status, protocol);
    return found === null ? [] : [{ protocol, name, found }];
  });
  return (
    <section class="card" aria-labelledby="results-title" data-testid="results">
      <h2 id="results-title">Results</h2>
      <p class="score" data-testid="accuracy-newcomer">
        {formatPercent(newcomer.accuracy)}
      </p>
      <p class="soft" data-testid="accuracy-texts">
        {countOfTexts(newcomer)} that nobody trained on are put into the right class by someone new, with the prompts that everyone shares.
      </p>
      <dl class="facts">
        {others.map(({ protocol, name, found }) => (
          <ResultRow key={protocol} name={name} found={found} others={newcomer} />
        ))}
      </dl>
    </section>
  );
}

type Protocol = EvaluationPoint["protocol"];

const otherProtocols: readonly { readonly protocol: Protocol; readonly name: string }[] = [
  { protocol: "personalised", name: "by those who took part, with their own prompts" },
  { protocol: "zeroShot", name: "before any training" },
];

function lastEvaluation({ history }: Status, protocol: Protocol): EvaluationPoint | null {
  const points = history.flatMap(({ evaluations }) => evaluations.filter((point) => point.split === "test" && point.protocol === protocol));
  return points.at(-1) ?? null;
}

/** `of 288 texts`, or `of texts` where it is not known how many. */
function countOfTexts({ numExamples }: EvaluationPoint): string {
  if (numExamples === undefined) return "of texts";
  return numExamples === 1 ? "of one text" : `of ${numExamples.toLocaleString("en")} texts`;
}

/** One more way of evaluating; of how many texts it is stands with it where that is another number than above. */
function ResultRow({ name, found, others }: { readonly name: string; readonly found: EvaluationPoint; readonly others: EvaluationPoint }) {
  const remark = found.numExamples === others.numExamples ? "" : ` (${countOfTexts(found)})`;
  return (
    <>
      <dt>{`${name}${remark}`}</dt>
      <dd data-testid={`accuracy-${found.protocol}`}>{formatPercent(found.accuracy)}</dd>
    </>
  );
}
