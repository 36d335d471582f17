import type { InForce } from "@tutti/core";
import type { OrderEvent, OrderInput } from "@tutti/protocol";
import type { Command } from "commander";
import { examples } from "../examples.ts";
import { UsageError } from "../exitCodes.ts";

/** `tutti run order`: what an operator orders of a run that goes on; the stage's buttons do the same. */
export function addOrder(run: Command): void {
  run
    .command("order")
    .argument("[what]", `one of ${Object.keys(readers).join(", ")}; without it the orders so far are listed`)
    .argument("[value]", "see the examples")
    .option("--run <id>", "a run's id (default: the only one that is going on)")
    .option("--out <folder>", "where run folders are", "runs")
    .description("give a run that goes on an order, which holds from the next plan: pause it, ask fewer devices, teach a lesson")
    .addHelpText(
      "after",
      examples(
        "tutti run order pause",
        "tutti run order sample-fraction 0.5      half of the devices in each round",
        "tutti run order deadline 30              seconds; none for no deadline",
        "tutti run order skew 0.1                 deal the data again by label, with this Dirichlet alpha",
        "tutti run order drop 0.3                 30 % of each round's devices count as left",
        "tutti run order poison 2                 two devices' updates are turned round",
        "tutti run order take-back poison",
        "tutti run order new-run                  closes this run, and another one follows at the same address",
        "tutti run order switch-strategy fedAvgM",
      ),
    )
    .action(order);
}

type Reader = (value: string | undefined) => OrderInput;

const readers: Readonly<Record<string, Reader>> = {
  start: () => ({ kind: "start" }),
  pause: () => ({ kind: "pause" }),
  resume: () => ({ kind: "resume" }),
  stop: () => ({ kind: "stop" }),
  "next-round": () => ({ kind: "nextRound" }),
  "sample-fraction": (value) => ({ kind: "sampleFraction", fraction: numberIn(value, "a share such as 0.5") }),
  deadline: (value) => ({
    kind: "deadline",
    deadlineMs: value === "none" ? null : Math.round(1000 * numberIn(value, "seconds such as 30, or none")),
  }),
  skew: (value) => ({ kind: "skew", ...(value === undefined ? {} : { dirichletAlpha: numberIn(value, "a Dirichlet alpha such as 0.1") }) }),
  drop: (value) => ({ kind: "drop", ...(value === undefined ? {} : { fraction: numberIn(value, "a share such as 0.3") }) }),
  poison: (value) => ({ kind: "poison", ...(value === undefined ? {} : { numDevices: numberIn(value, "a number of devices such as 2") }) }),
  "take-back": (value) => {
    const what = value === undefined ? undefined : settings[value];
    if (what === undefined) throw new UsageError(`take-back: found ${value ?? "nothing"}, expected ${Object.keys(settings).join(", ")}`);
    return { kind: "takeBack", what };
  },
  "new-run": (value) => ({ kind: "newRun", ...(value === undefined ? {} : { seed: numberIn(value, "a seed such as 7") }) }),
  "switch-strategy": (value) => {
    if (value === undefined) throw new UsageError("switch-strategy: expected a strategy's name, such as fedAvgM");
    return { kind: "switchStrategy", strategy: { name: value } };
  },
};

const settings: Readonly<Record<string, keyof Omit<InForce, "isPaused">>> = {
  "sample-fraction": "sampleFraction",
  deadline: "deadline",
  skew: "skew",
  drop: "drop",
  poison: "poison",
};

function numberIn(value: string | undefined, expected: string): number {
  const number = Number(value);
  if (value === undefined || value.trim() === "" || !Number.isFinite(number))
    throw new UsageError(`found ${value ?? "nothing"}, expected ${expected}`);
  return number;
}

async function order(what: string | undefined, value: string | undefined, { run, out }: { run?: string; out: string }): Promise<void> {
  const { giveOrder, ordersOf } = await import("@tutti/server");
  if (what === undefined) {
    const { events, inForce } = required(await ordersOf(out, run), out);
    if (events.length === 0) console.log("no order was given yet");
    for (const event of events) console.log(lineOf(event));
    console.log(`in force: ${JSON.stringify(inForce)}`);
    return;
  }
  const read = readers[what];
  if (read === undefined) throw new UsageError(`order: found ${what}, expected one of ${Object.keys(readers).join(", ")}`);
  const { runId, event } = required(await giveOrder(out, read(value), run), out);
  console.log(`run ${runId}: ${lineOf(event)}`);
}

function lineOf({ number, at, order: given, from, poison, nextRunId }: OrderEvent): string {
  const { kind, ...values } = given;
  const shown = Object.entries(values).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  const held =
    from === null ? "from the next plan on" : `from ${from.stage} round ${from.round}, step ${from.step}, attempt ${from.attempt}`;
  const more = [
    ...(poison === undefined ? [] : [`devices ${poison.deviceIds.join(", ")}, ${poison.factor} times`]),
    ...(nextRunId === undefined ? [] : [`followed by run ${nextRunId}`]),
  ];
  return [`${number}. ${new Date(at).toISOString()}  ${[kind, ...shown].join(" ")}`, held, ...more].join("; ");
}

function required<T>(answer: T | null, out: string): T {
  if (answer === null) throw new Error(`no coordinator is running in the folder ${out}: \`tutti serve\` starts one`);
  return answer;
}
