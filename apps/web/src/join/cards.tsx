import { liveScore } from "@tutti/core";
import type { EvaluationPoint, PlanPoint, Status } from "@tutti/protocol";
import { backendText } from "../saying/backendText.ts";
import { lackText } from "../saying/runSayings.ts";
import { Said } from "../saying/said.tsx";
import { words } from "../words/words.ts";
import { shareBounds } from "./estimates.ts";
import type { View } from "./view.ts";

/** Bytes of this tab, and what the layers that travel are beside all of them. */
export function TrafficCard({ view }: { readonly view: View }) {
  const { sentBytes, receivedBytes, layerBytes, allLayersBytes, allLayersF32Bytes, stateBytes } = view.traffic;
  return (
    <section class="card" aria-labelledby="traffic-title">
      <h2 id="traffic-title">{words.traffic.title}</h2>
      {allLayersBytes > 0 && <ByteBars layerBytes={layerBytes} allLayersBytes={allLayersBytes} />}
      <dl class="facts">
        <dt>{words.traffic.sent}</dt>
        <dd data-testid="bytes-sent">{words.formats.bytes(sentBytes)}</dd>
        <dt>{words.traffic.layers}</dt>
        <dd data-testid="bytes-layers">{words.formats.bytes(layerBytes)}</dd>
        <dt>{words.traffic.allLayers}</dt>
        <dd data-testid="bytes-all-layers">{words.formats.bytes(allLayersBytes)}</dd>
        {stateBytes > 0 && (
          <>
            <dt>{words.traffic.states}</dt>
            <dd>{words.formats.bytes(stateBytes)}</dd>
          </>
        )}
        <dt>{words.traffic.received}</dt>
        <dd data-testid="bytes-received">{words.formats.bytes(receivedBytes)}</dd>
      </dl>
      <p class="soft small note" data-testid="bytes-note">
        {allLayersBytes === 0 ? words.traffic.nothingYet : words.traffic.saved(layerBytes / allLayersBytes, layerBytes / allLayersF32Bytes)}{" "}
        {words.traffic.note}
      </p>
    </section>
  );
}

/** Two bars over each other, of one scale; the facts below give the same numbers. */
function ByteBars({ layerBytes, allLayersBytes }: { readonly layerBytes: number; readonly allLayersBytes: number }) {
  return (
    <div class="byte-bars" aria-hidden="true">
      <span class="byte-bar all" />
      <span class="byte-bar" style={{ width: `${Math.min(100, (100 * layerBytes) / allLayersBytes)}%` }} />
    </div>
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
      {leftOut.map(({ deviceId, reason, lack }) => (
        <p key={deviceId} class="small left-out" data-testid="left-out">
          {words.sayings.leftOut(deviceId, lack === undefined ? `${reason}.` : lackText(lack))}
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
        <dd data-testid="devices">{ready === null ? "…" : deviceIds.length === 0 ? noDevices(view) : deviceIds.length}</dd>
        <dt>{words.computer.examples}</dt>
        <dd data-testid="examples">{ready === null ? "…" : numExamples}</dd>
      </dl>
      <p class="soft small note" data-testid="backend-reason">
        {ready === null ? words.computer.notYet : <Said {...backendText(ready)} />}
      </p>
    </section>
  );
}

/** A tab that rests has given its devices to others; it is no newcomer. */
function noDevices({ isPaused, numTasksDone }: View): string {
  return isPaused && numTasksDone > 0 ? words.computer.noDevicesNow : words.computer.noDevices;
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
      <Uncertainty point={newcomer} />
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

/** How far the true share may be from the one that was measured; it says much of 45 texts and little of 10,000. */
function Uncertainty({ point: { accuracy, numExamples } }: { readonly point: EvaluationPoint }) {
  if (accuracy === undefined || numExamples === undefined || numExamples === 0) return null;
  return (
    <p class="small" data-testid="accuracy-bounds">
      {words.results.between(...shareBounds(accuracy, numExamples))}
    </p>
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
  if (score === null) return accuracy === undefined ? "–" : words.formats.percent(accuracy);
  const value = score.metric === "rougeL" ? words.formats.score(score.value) : words.formats.percent(score.value);
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
