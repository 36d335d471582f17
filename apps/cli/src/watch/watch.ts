import { coordinatorFolder, tokenIn } from "@tutti/client";
import { type WatchEvent, type WatchProblem, watchRun } from "@tutti/client/watch";
import type { Live, RunInfo } from "@tutti/protocol";
import { createScreen, type Terminal } from "@tutti/terminal";
import { exitCodes, UsageError } from "../exitCodes.ts";
import { askCoordinator } from "../join/askCoordinator.ts";
import { coordinatorAddress, trusting } from "../join/coordinatorAddress.ts";
import { runAgain } from "../runAgain.ts";
import { exitCodeOf, onFirstSignal } from "../stoppable.ts";
import { figuresOf, placeOf, plain, roundLine, titleOf } from "./figures.ts";

/** The options of `tutti watch`. */
export interface WatchFlags {
  readonly token?: string;
  readonly json?: boolean;
  readonly ca?: string;
  readonly insecure?: boolean;
}

/** `tutti watch`: the stage's figures in a terminal, until the run is over or a signal comes. */
export async function watch(address: string, flags: WatchFlags, terminal: Terminal = process.stdout): Promise<void> {
  const url = coordinatorAddress(address.replace(/\/(stage|try)(\.html)?(?=[?#]|$)/, "/"));
  if (flags.ca !== undefined && flags.insecure === true) throw new UsageError("--ca and --insecure exclude each other: give one");
  const environment = flags.ca === undefined ? null : trusting(flags.ca);
  if (environment !== null) {
    process.exitCode = await runAgain(environment);
    return;
  }
  if (flags.insecure === true) process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
  const info = await askCoordinator(url);
  await follow({ folder: coordinatorFolder(url), token: flags.token ?? tokenIn(url) }, info, viewFor(flags, info, terminal));
}

/** Where events go. */
interface WatchView {
  live(event: WatchEvent & { readonly kind: "live" }): void;
  say(line: string): void;
  end(): void;
}

async function follow(place: { readonly folder: string; readonly token: string | null }, info: RunInfo, view: WatchView): Promise<void> {
  const abort = new AbortController();
  const ignore = onFirstSignal((signal) => {
    process.exitCode = exitCodeOf(signal);
    abort.abort();
  });
  let refusal: Error | null = null;
  try {
    await watchRun({
      ...place,
      signal: abort.signal,
      onEvent(event) {
        if (event.kind === "refused") refusal = refusalOf(event, info);
        if (event.kind === "retrying")
          view.say(`${retryTexts[event.problem] ?? "the coordinator does not answer"}; asking again every 2 s`);
        if (event.kind === "goodbye") view.say(`the coordinator says goodbye (${event.message ?? event.reason})`);
        if (event.kind === "goodbye" && event.reason === "finished") abort.abort();
        if (event.kind !== "live") return;
        view.live(event);
        const { phase } = event.live.status;
        if (phase === "failed") process.exitCode = exitCodes.failure;
        if (phase === "done" || phase === "failed") abort.abort();
      },
    });
  } finally {
    ignore();
    view.end();
  }
  if (refusal !== null) throw refusal;
}

const retryTexts: Partial<Readonly<Record<WatchProblem, string>>> = {
  unauthorised: "too many wrong code words came from this address",
  full: "as many watch this run as its operator allows",
};

function refusalOf({ problem, detail }: WatchEvent & { readonly kind: "refused" }, { admission }: RunInfo): Error {
  if (problem === "unauthorised") {
    return new UsageError(
      admission === "code"
        ? "this run is by code word: give the whole link that `tutti serve` printed, in quotes, or --token WORD"
        : "this run is by invitation, and its operator alone watches: give the operator's token with --token",
    );
  }
  if (problem === "notUnderstood")
    return new Error(`the coordinator's feed is not understood (${detail ?? "unknown"}): update Tutti here or there`);
  return new Error(`the coordinator refuses: ${detail ?? "it has no live feed"}`);
}

function viewFor({ json }: WatchFlags, info: RunInfo, terminal: Terminal): WatchView {
  if (json === true) return jsonView(terminal);
  return terminal.isTTY === true ? screenView(info, terminal) : lineView(info, terminal);
}

/** Each event of the feed as a line of JSON. */
function jsonView(terminal: Terminal): WatchView {
  return {
    live: ({ event, data }) => void terminal.write(`{"event":"${event}","data":${data}}\n`),
    say: (line) => void process.stderr.write(`${plain(line)}\n`),
    end: () => undefined,
  };
}

function screenView(info: RunInfo, terminal: Terminal): WatchView {
  const screen = createScreen(terminal);
  return {
    live: ({ live }) => screen.show(figuresOf(live, titleOf(info)).map(plain)),
    say: (line) => screen.say(plain(line)),
    end: screen.end,
  };
}

/** A line for each closed round, and for each change of phase. */
function lineView(info: RunInfo, terminal: Terminal): WatchView {
  const print = (line: string): void => void terminal.write(`${plain(line)}\n`);
  const said = new Set<string>();
  let phase: Live["status"]["phase"] | null = null;
  print(titleOf(info));
  return {
    live({ live: { status, rounds } }) {
      // a round may get one more step: it is said once the next one has begun, or the run is over
      const last = rounds.at(-1);
      for (const round of rounds) {
        const name = `${round.stage}/${round.round}`;
        const isOpen = round === last && status.phase !== "done" && status.stage === round.stage && status.round <= round.round;
        if (said.has(name) || isOpen) continue;
        said.add(name);
        print(roundLine(round));
      }
      if (status.phase !== phase) print(placeOf(status));
      phase = status.phase;
    },
    say: print,
    end: () => undefined,
  };
}
