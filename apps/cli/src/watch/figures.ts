import { formatBytes, formatCount, formatNumber, formatPercent, formatSeconds, liveScore } from "@tutti/core";
import { type DeviceTile, type Live, type LiveRound, type LiveStatus, type RunInfo, tileStates } from "@tutti/protocol";
import { alignColumns } from "@tutti/terminal";

const stages = { score: "scoring", count: "counting", train: "training" } as const;

const protocolNames = { global: "shared model", newcomer: "newcomer", personalised: "personal", zeroShot: "before tuning" } as const;

/** Of how the run does for somebody new, or for all. */
const protocols = ["newcomer", "global", "personalised"] as const;

/** What others say, on a terminal: nothing that moves the cursor, colours the line or turns it round. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]+/gu, " ");
}

/** What a run is, in one line. */
export function titleOf({ run, runId }: RunInfo): string {
  return `${run.task} · ${run.backbone} · ${run.strategy.name} · run ${runId}`;
}

/** Where a run is. */
export function placeOf({ phase, stage, round, numRounds, tasksIn, tasksOut, deadlineMs, message }: LiveStatus): string {
  if (phase === "done") return "the run is over";
  if (phase === "failed") return `the run has failed${message === null ? "" : `: ${message}`}`;
  const where = stage === null || round === 0 ? [] : [`${stages[stage]}, round ${round} of ${Math.max(round, numRounds)}`];
  const tasks = tasksIn + tasksOut === 0 ? [] : [`${tasksIn} of ${formatCount(tasksIn + tasksOut, "task")} in`];
  const deadline = deadlineMs === null ? [] : [`${formatSeconds(deadlineMs / 1000)} left`];
  return [...(phase === "waiting" ? ["waiting"] : []), ...where, ...tasks, ...deadline, ...(message === null ? [] : [message])].join(" · ");
}

/** A closed round as a line of a log. */
export function roundLine(round: LiveRound): string {
  const { stage, trainLoss, bytes, movement, steps } = round;
  const [first] = steps;
  return [
    `${stages[stage]} round ${round.round}: ${first?.numCounted ?? 0} of ${formatCount(first?.numAsked ?? 0, "device")}`,
    ...(trainLoss === null ? [] : [`loss ${formatNumber(trainLoss)}`]),
    ...scoresOf(round),
    `${formatBytes(bytes.up)} up`,
    `${formatBytes(bytes.down)} down`,
    ...(movement === undefined ? [] : [`drift ${formatNumber(movement.drift)}`]),
  ].join(", ");
}

/** Every result of a round with the number of texts that it is of; of the test texts where there are any. */
export function scoresOf({ evaluations }: Pick<LiveRound, "evaluations">): string[] {
  const ofTest = evaluations.filter(({ split }) => split === "test");
  return (ofTest.length > 0 ? ofTest : evaluations).flatMap(({ protocol, accuracy, text, numExamples }) => {
    const score = text === undefined ? null : liveScore(text);
    const value =
      accuracy !== undefined
        ? formatPercent(accuracy)
        : score === null
          ? null
          : score.metric === "rougeL"
            ? `ROUGE-L ${formatNumber(score.value)}`
            : `${formatPercent(score.value)} of tokens`;
    if (value === null) return [];
    return [`${protocolNames[protocol]} ${value}${numExamples === undefined ? "" : ` of ${formatCount(numExamples, "hidden text")}`}`];
  });
}

/** The stage's figures as lines of a terminal: the run, its numbers, its layers, its devices. */
export function figuresOf(live: Live, title: string): string[] {
  const { status, rounds, devices } = live;
  const trained = rounds.filter(({ stage }) => stage === "train");
  const evaluated = trained.findLast(({ evaluations }) => evaluations.length > 0);
  const moved = rounds.findLast(({ movement }) => movement !== undefined)?.movement;
  const losses = trained.flatMap(({ trainLoss }) => trainLoss ?? []);
  const sent = rounds.reduce((sum, { bytes }) => sum + bytes.up + bytes.down, 0);
  const rows: (readonly [string, string])[] = [
    ["results", evaluated === undefined ? "none yet" : scoresOf(evaluated).join(", ")],
    ["", sparkline(trained.flatMap(scoreOf))],
    ["loss", losses.length === 0 ? "none yet" : `${formatNumber(losses.at(-1) ?? 0)} in training  ${sparkline(losses)}`],
    ["bytes", `${formatBytes(sent)} so far, evaluation apart`],
    ...(moved === undefined ? [] : [["drift", driftText(moved)] as const, ["layers", layersText(moved.layers)] as const]),
    ["devices", countsOf(devices)],
  ];
  const table = rows.filter(([name, text]) => name !== "" || text !== "").map(([name, text]) => `${name.padEnd(9)}${text}`);
  return [title, placeOf(status), "", ...table, "", ...tileLines(devices)];
}

function scoreOf({ evaluations }: LiveRound): number[] {
  const ofTest = evaluations.filter(({ split }) => split === "test");
  for (const protocol of protocols) {
    const accuracy = ofTest.find((point) => point.protocol === protocol)?.accuracy;
    if (accuracy !== undefined) return [accuracy];
  }
  return [];
}

function driftText({ update, drift, control }: NonNullable<LiveRound["movement"]>): string {
  const parts = [`${formatNumber(drift)} apart`, `${formatNumber(update)} moved`];
  return [...parts, ...(control === undefined ? [] : [`control ${formatNumber(control)}`])].join(", ");
}

/** A full note for a layer that travelled. */
function layersText(layers: readonly (number | null)[]): string {
  return layers.map((norm) => (norm === null ? "○" : "●")).join(" ");
}

const bars = "▁▂▃▄▅▆▇█";

/** The latest values as bars; of one value nothing can be said. */
export function sparkline(values: readonly number[]): string {
  const latest = values.slice(-40);
  const [low, high] = [Math.min(...latest), Math.max(...latest)];
  if (latest.length < 2 || high === low) return "";
  return latest.map((value) => bars[Math.round(((value - low) / (high - low)) * (bars.length - 1))]).join("");
}

function countsOf(devices: readonly DeviceTile[]): string {
  const counts = tileStates.flatMap((state) => {
    const count = devices.filter((tile) => tile.state === state).length;
    return count === 0 ? [] : [`${count} ${state}`];
  });
  return counts.length === 0 ? "none yet" : counts.join(", ");
}

function tileLines(devices: readonly DeviceTile[]): string[] {
  return alignColumns(
    devices.map(({ deviceId, nickname, state, step, numSteps, speed, backend, isHelper }) => [
      `device ${deviceId}${nickname === null ? "" : ` ${nickname}`}${isHelper === true ? " (helper)" : ""}`,
      state,
      step === undefined || numSteps === undefined ? "" : `${step}/${numSteps}`,
      speed === undefined ? "" : `${formatNumber(speed)} steps/s`,
      backend ?? "",
    ]),
  );
}
