import type { Command } from "commander";
import { examples } from "../examples.ts";
import { positiveNumber, wholeNumber } from "../parseOptions.ts";

interface FolderFlag {
  readonly out: string;
}

/** `tutti run clients`, `approve`, `kick`, `ban`, `pardon` and `invite`: who may take part in a run that goes on. */
export function addOperating(run: Command): void {
  const ofRun = (name: string, first = "") =>
    run
      .command(name)
      .argument(
        first === "" ? "[run]" : first,
        first === "" ? runText : "the client's key, or its beginning, as `tutti run clients` shows it",
      )
      .option("--out <folder>", "where run folders are", "runs");
  ofRun("clients")
    .description("list the clients of a run that goes on, and who waits")
    .addHelpText("after", examples("tutti run clients"))
    .action(clients);
  for (const [action, description] of Object.entries(descriptions)) {
    ofRun(action, "<client>")
      .argument("[run]", runText)
      .description(description)
      .addHelpText("after", examples(`tutti run ${action} Xk3v9QbT`))
      .action((client: string, runId: string | undefined, { out }: FolderFlag) => order(action as Action, { client, runId, out }));
  }
  ofRun("invite")
    .description("make invitations to a run that goes on by invitation: links of which each lets one client in")
    .option("--count <number>", "how many (default 1)", wholeNumber(1))
    .option("--days <number>", "after which they cannot be redeemed any more (default: never)", positiveNumber)
    .addHelpText("after", examples("tutti run invite --count 30 --days 7"))
    .action(invite);
}

const runText = "a run's id (default: the only one that is going on)";

const descriptions = {
  approve: "let a client in that waits (`tutti serve --approve`)",
  kick: "send a client away: its devices and tasks go to others; it may come again",
  ban: "send a client away for good, with the invitation that it redeemed",
  pardon: "take a ban back",
} as const;

type Action = keyof typeof descriptions;

const doneTexts: Readonly<Record<Action, string>> = {
  approve: "may come in",
  kick: "was sent away",
  ban: "is banned",
  pardon: "may come again",
};

async function clients(runId: string | undefined, { out }: FolderFlag): Promise<void> {
  const { listClientsOf } = await import("@tutti/server");
  const listed = required(await listClientsOf(out, runId), out);
  if (listed.clients.length === 0) console.log(`run ${listed.runId} has no clients yet`);
  for (const { clientKey, standing, nickname, deviceIds, invitation } of listed.clients) {
    const parts = [
      ...(nickname === null ? [] : [`calls itself ${JSON.stringify(nickname)}`]),
      ...(deviceIds.length === 0 ? [] : [`devices ${deviceIds.join(", ")}`]),
      ...(invitation === null ? [] : [`invitation ${invitation}`]),
    ];
    console.log(`${clientKey}  ${standing.padEnd(7)}  ${parts.join("; ")}`.trimEnd());
  }
}

async function order(action: Action, asked: FolderFlag & { readonly client: string; readonly runId: string | undefined }): Promise<void> {
  const { orderClient } = await import("@tutti/server");
  const { clientKey } = required(await orderClient(asked.out, action, asked), asked.out);
  console.log(`${clientKey} ${doneTexts[action]}`);
}

async function invite(runId: string | undefined, { out, count = 1, days }: FolderFlag & { count?: number; days?: number }): Promise<void> {
  const { inviteTo } = await import("@tutti/server");
  for (const link of required(await inviteTo(out, { runId, count, days: days ?? null }), out)) console.log(link);
}

function required<T>(answer: T | null, out: string): T {
  if (answer === null) throw new Error(`no coordinator is running in the folder ${out}: \`tutti serve\` starts one`);
  return answer;
}
