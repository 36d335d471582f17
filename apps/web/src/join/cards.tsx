import { formatBytes, formatPercent, formatScore, liveScore } from "@tutti/core";
import type { EvaluationPoint, PlanPoint, Status } from "@tutti/protocol";
import { words } from "../words/words.ts";
import { asSentence } from "./text.ts";
import type { View } from "./view.ts";

/** Bytes of this tab, and what choosing layers and small numbers has saved it. */
export function TrafficCard({ view }: { readonly view: View }) {
  const { sentBytes, receivedBytes, savedBytes } = view.traffic;
  return (
    <section class="card" aria-labelledby="traffic-title">
      <h2 id="traffic-title">{words.traffic.title}</h2>
      <dl class="facts">
        <dt>{words.traffic.sent}</dt>
        <dd data-testid="bytes-sent">{formatBytes(sentBytes)}</dd>
        <dt>{words.traffic.saved}</dt>
        <dd data-testid="bytes-saved">{formatBytes(savedBytes)}</dd>
        <dt>{words.traffic.received}</dt>
        <dd data-testid="bytes-received">{formatBytes(receivedBytes)}</dd>
      </dl>
      <p class="soft small note">{words.traffic.note}</p>
    </section>
  );
}

/** What was planned for each device, where the strategy plans for each client. */
export function Plans({ status }: { readonly status: Status | null }) {
  const { plans = [], leftOut = [] } = status ?? {};
  if (plans.length + leftOut.length === 0) return null;
  return (
    <section class="card wide" aria-labelledby="plans-title" data-testid="plans">
      <h2 id="plans-title">{words.plansCard.title}</h2>
      {plans.length > 0 && <PlansTable plans={plans} />}
      {leftOut.map(({ deviceId, reason }) => (
        <p key={deviceId} class="small left-out" data-testid="left-out">
          {words.plansCard.leftOut(deviceId, reason)}
        </p>
      ))}
      <p class="soft small note">{words.plansCard.note}</p>
    </section>
  );
}

/** A row for each device; where there is no room for columns, each row becomes a list. */
function PlansTable({ plans }: { readonly plans: readonly PlanPoint[] }) {
  return (
    <table class="plans small figures">
      <thead>
        <tr>
          {words.plansCard.heads.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {plans.map((plan) => (
          <tr key={plan.deviceId}>
            {words.plansCard.cells(plan).map((cell, i) => (
              <td key={words.plansCard.heads[i]} data-head={words.plansCard.heads[i]}>
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What this tab computes with, and why, and for which devices. */
export function Computer({ view }: { readonly view: View }) {
  const { ready, deviceIds, numExamples } = view;
  return (
    <section class="card" aria-labelledby="computer-title">
      <h2 id="computer-title">{words.computer.title}</h2>
      <dl class="facts">
        <dt>{words.computer.backend}</dt>
        <dd data-testid="backend" data-backend={ready?.backend} data-kernels={ready?.kernels}>
          {ready === null ? "…" : words.computer.backendName(ready.backend, ready.threads)}
        </dd>
        <dt>{words.computer.devices}</dt>
        <dd data-testid="devices">{ready === null ? "…" : deviceIds.length === 0 ? words.computer.noDevices : deviceIds.length}</dd>
        <dt>{words.computer.examples}</dt>
        <dd data-testid="examples">{ready === null ? "…" : numExamples}</dd>
      </dl>
      <p class="soft small note" data-testid="backend-reason">
        {ready === null ? words.computer.notYet : asSentence(ready.reason)}
      </p>
    </section>
  );
}

/** How well the model does: the last evaluation of each kind on the test split, the newcomer's first. */
export function Results({ status }: { readonly status: Status }) {
  // where one model is for all, a newcomer's is the global one
  const newcomer = lastEvaluation(status, "newcomer") ?? lastEvaluation(status, "global");
  if (newcomer === null) return null;
  const others = otherProtocols().flatMap(({ protocol, name }) => {
    const found = lastEvaluation(status, protocol);
    return found === null ? [] : [{ protocol, name, found }];
  });
  return (
    <section class="card" aria-labelledby="results-title" data-testid="results">
      <h2 id="results-title">{words.results.title}</h2>
      <p class="score" data-testid="accuracy-newcomer">
        {scoreOf(newcomer)}
      </p>
      <p class="soft" data-testid="accuracy-texts">
        {words.results.newcomer(newcomer)}
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

const otherProtocols = (): readonly { readonly protocol: Protocol; readonly name: string }[] => [
  { protocol: "personalised", name: words.results.personalised },
  { protocol: "zeroShot", name: words.results.zeroShot },
];

function lastEvaluation({ history }: Status, protocol: Protocol): EvaluationPoint | null {
  const points = history.flatMap(({ evaluations }) => evaluations.filter((point) => point.split === "test" && point.protocol === protocol));
  return points.at(-1) ?? null;
}

/** The share of right classes; of texts the main score with its name. */
function scoreOf({ accuracy, text }: EvaluationPoint): string {
  const score = text === undefined ? null : liveScore(text);
  if (score === null) return accuracy === undefined ? "–" : formatPercent(accuracy);
  const value = score.metric === "rougeL" ? formatScore(score.value) : formatPercent(score.value);
  return `${words.results.scoreNames[score.metric]} ${value}`;
}

/** One more evaluation, with its number of texts where that differs from the one above. */
function ResultRow({ name, found, others }: { readonly name: string; readonly found: EvaluationPoint; readonly others: EvaluationPoint }) {
  const remark = found.numExamples === others.numExamples ? "" : ` (${words.results.ofTexts(found)})`;
  return (
    <>
      <dt>{`${name}${remark}`}</dt>
      <dd data-testid={`accuracy-${found.protocol}`}>{scoreOf(found)}</dd>
    </>
  );
}
