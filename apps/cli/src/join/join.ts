import { coordinatorFolder, tokenIn } from "@tutti/client";
import type { BackendName, Trainer } from "@tutti/model";
import type { RunInfo } from "@tutti/protocol";
import { UsageError } from "../exitCodes.ts";
import { provideAdapter } from "../nodeAdapter.ts";
import { createProgress } from "../progress.ts";
import { runAgain } from "../runAgain.ts";
import { exitCodeOf, onFirstSignal, type StopSignal } from "../stoppable.ts";
import { askCoordinator } from "./askCoordinator.ts";
import { checkNickname, coordinatorAddress, trusting } from "./coordinatorAddress.ts";
import { type JoiningMachine, type MachineFlags, machineFor } from "./machine.ts";
import { type OwnFile, readOwnFile } from "./ownExamples.ts";
import { type ClientPlace, takePlace } from "./place.ts";
import { deletedText, deviceText, overText, runText } from "./sentences.ts";
import { createTeller } from "./teller.ts";

/** The options of `tutti join`. */
export interface JoinFlags extends MachineFlags {
  readonly token?: string;
  readonly state?: string;
  readonly backend: "auto" | BackendName;
  readonly data?: string;
  readonly nickname?: string;
  readonly hostToken?: string;
  readonly forwardOnly?: boolean;
  readonly delete?: boolean;
  readonly ca?: string;
  readonly insecure?: boolean;
}

/** `tutti join`: a client without a browser, until the run is over or a signal comes. */
export async function join(address: string, flags: JoinFlags): Promise<void> {
  const url = coordinatorAddress(address);
  checkNickname(flags.nickname);
  const elsewhere = await inOtherProcess(flags);
  if (elsewhere !== null) {
    process.exitCode = elsewhere;
    return;
  }
  const info = await askCoordinator(url);
  console.log(runText(coordinatorFolder(url), info));
  if (flags.delete === true) return leaveAndDelete(url, flags, info);
  requireToken(flags.token ?? tokenIn(url), info);
  if (info.status.phase === "done") return console.log(overText(info));
  console.log(deviceText);
  const own = flags.data === undefined ? null : await readOwnFile(flags.data, info, url);
  for (const note of own?.notes ?? []) console.log(`${flags.data}: ${note}`);
  const machine = machineFor(flags, url, info);
  const place = takePlace({ state: flags.state, url, examples: own?.examples ?? null });
  try {
    await takePart({ url, flags, info, own, place, machine });
  } finally {
    place.giveBack();
  }
}

/** Runs the command again in a new process where Node reads a setting only at its start, and gives that exit code; null where no new process is needed. */
async function inOtherProcess({ ca, insecure, backend }: JoinFlags): Promise<number | null> {
  if (ca !== undefined && insecure === true) throw new UsageError("--ca and --insecure exclude each other: give one");
  const environment = ca === undefined ? null : trusting(ca);
  if (environment !== null) return runAgain(environment);
  if (insecure === true) process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
  return backend === "webgpu" ? provideAdapter() : null;
}

/** Throws a UsageError where the run asks for more than its address. */
function requireToken(token: string | null, { admission, status }: RunInfo): void {
  if (admission === "open" || token !== null || status.phase === "done") return;
  throw new UsageError(
    admission === "code"
      ? "this run is by code word: give the whole link that `tutti serve` printed, in quotes, or --token WORD"
      : "this run is by invitation: give the whole link of your invitation, in quotes, or --token TEXT",
  );
}

/** Deletes what the coordinator and this machine keep of the client that the same flags join as. */
async function leaveAndDelete(url: string, { state, data, insecure }: JoinFlags, info: RunInfo): Promise<void> {
  const { deleteMyData } = await import("@tutti/client/node");
  const own = data === undefined ? null : await readOwnFile(data, info, url);
  const place = takePlace({ state, url, examples: own?.examples ?? null });
  try {
    const deleted = await deleteMyData({
      url,
      folder: place.clientFolder,
      hosting: own === null ? { kind: "virtual" } : { kind: "own", examples: own.examples },
      ...(insecure === true ? { socketOptions: { rejectUnauthorized: false } } : {}),
    });
    console.log(deletedText(info, deleted));
  } finally {
    place.giveBack();
  }
}

interface Joining {
  readonly url: string;
  readonly flags: JoinFlags;
  readonly info: RunInfo;
  readonly own: OwnFile | null;
  readonly place: ClientPlace;
  readonly machine: JoiningMachine;
}

async function takePart({ url, flags, info, own, place, machine }: Joining): Promise<void> {
  const { joinRun } = await import("@tutti/client/node");
  const { backend, nickname, insecure, token, hostToken, forwardOnly } = flags;
  const teller = createTeller({ print: (line) => console.log(line), progress: createProgress() });
  let isOver = false;
  const session = joinRun({
    url,
    token,
    folder: place.clientFolder,
    trainer: await trainerFor(backend, place.backbonesFolder, teller.say),
    backend,
    hosting: own === null ? { kind: "virtual" } : { kind: "own", examples: own.examples },
    nickname,
    hostToken,
    isForwardOnly: forwardOnly,
    ...machine,
    ...(insecure === true ? { socketOptions: { rejectUnauthorized: false } } : {}),
    onEvent(event) {
      teller.onEvent(event);
      if (event.kind !== "status" || event.status.phase !== "done") return;
      isOver = true; // the coordinator may stay up for whoever looks at its pages
      void session.leave();
    },
  });
  let stoppedBy: StopSignal | null = null;
  const ignore = onFirstSignal((signal) => {
    stoppedBy = signal;
    void session.leave();
  });
  const end = await session.whenEnded.finally(ignore);
  teller.tellEnd(isOver && stoppedBy === null && end.reason === "left" ? { reason: "finished" } : end, info.runId, place.folder);
  if (stoppedBy !== null) process.exitCode = exitCodeOf(stoppedBy);
}

/** A GPU computes in this process, which asked for its adapter; anything else in a thread, so that the socket is always answered. */
async function trainerFor(backend: JoinFlags["backend"], cacheFolder: string, onNotice: (sentence: string) => void): Promise<Trainer> {
  const { folderCache, threadTrainer } = await import("@tutti/model/node");
  if (backend !== "webgpu") return threadTrainer({ cacheFolder, onNotice });
  const { createTrainer } = await import("@tutti/model");
  return createTrainer({ cache: folderCache(cacheFolder), onNotice });
}
