import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import WebSocket from "ws";

/** A tab of a Firefox, steered over WebDriver BiDi. */
export interface FirefoxTab {
  goto(url: string): Promise<void>;
  /** The value of a JavaScript expression, awaited in the page; it must be a string, a number, a boolean or null. */
  evaluate(expression: string): Promise<unknown>;
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** What a page or the browser wrote to the console. */
export interface ConsoleEntry {
  readonly level: string;
  readonly text: string;
}

/** A headless Firefox with its own profile. */
export interface Firefox {
  open(url: string): Promise<FirefoxTab>;
  readonly console: readonly ConsoleEntry[];
  close(): Promise<void>;
}

/** Nothing that would ask the network, and no first-run pages. */
const quiet = {
  "app.update.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "toolkit.telemetry.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "extensions.getAddons.cache.enabled": false,
};

/** Starts the Firefox at `path`; `prefs` are its settings, as in about:config, and `environment` is laid over this process's. */
export async function startFirefox(
  path: string,
  prefs: Readonly<Record<string, boolean | number | string>> = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<Firefox> {
  const profile = await mkdtemp(join(tmpdir(), "tutti-firefox-"));
  const lines = Object.entries({ ...quiet, ...prefs }).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
  );
  await writeFile(join(profile, "user.js"), lines.join("\n"));
  const browser = spawn(path, ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...environment, MOZ_HEADLESS: "1", HOME: profile },
  });
  const ended = new Promise<void>((resolve) => browser.once("exit", () => resolve()));
  const address = await listeningAt(browser);
  const console: ConsoleEntry[] = [];
  const { command, disconnect } = await connect(`${address}/session`, ({ level, text }) => console.push({ level, text: text ?? "" }));
  await command("session.new", { capabilities: { alwaysMatch: { acceptInsecureCerts: true } } });
  await command("session.subscribe", { events: ["log.entryAdded"] });

  function tabOf(context: string): FirefoxTab {
    return {
      goto: async (url) => void (await command("browsingContext.navigate", { context, url, wait: "complete" })),
      reload: async () => void (await command("browsingContext.reload", { context, wait: "complete" })),
      async evaluate(expression) {
        const answer = await command("script.evaluate", { expression, target: { context }, awaitPromise: true });
        if (answer.type !== "success") throw new Error(`${expression}: ${answer.exceptionDetails?.text ?? "it threw"}`);
        return answer.result?.value ?? null;
      },
      close: async () => void (await command("browsingContext.close", { context })),
    };
  }

  return {
    console,
    async open(url) {
      const { context = "" } = await command("browsingContext.create", { type: "tab" });
      const tab = tabOf(context);
      await tab.goto(url);
      return tab;
    },
    async close() {
      disconnect();
      browser.kill();
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function listeningAt(browser: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    browser.stderr?.on("data", (chunk) => {
      said += chunk;
      const found = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    browser.once("exit", (code) => reject(new Error(`Firefox ended with ${code} before it listened: ${said.slice(-400)}`)));
    browser.once("error", reject);
  });
}

/** The parts of WebDriver BiDi's answers that are read here. */
interface Answer {
  readonly context?: string;
  readonly type?: string;
  readonly result?: { readonly value?: unknown };
  readonly exceptionDetails?: { readonly text: string };
}

interface Message {
  readonly id?: number;
  readonly type: "success" | "error" | "event";
  readonly result?: Answer;
  readonly message?: string;
  readonly method?: string;
  readonly params?: { readonly level: string; readonly text: string | null };
}

async function connect(address: string, onLog: (entry: { readonly level: string; readonly text: string | null }) => void) {
  const socket = new WebSocket(address);
  const open = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  let lastId = 0;
  socket.on("message", (data) => {
    const message: Message = JSON.parse(String(data));
    if (message.method === "log.entryAdded" && message.params !== undefined) onLog(message.params);
    const question = open.get(message.id ?? -1);
    if (question === undefined) return;
    open.delete(message.id ?? -1);
    if (message.type === "success") question.resolve(message.result ?? {});
    else question.reject(new Error(`WebDriver BiDi: ${message.message}`));
  });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return {
    command: (method: string, params: object) =>
      new Promise<Answer>((resolve, reject) => {
        const id = ++lastId;
        open.set(id, { resolve, reject });
        socket.send(JSON.stringify({ id, method, params }));
      }),
    disconnect: () => socket.close(),
  };
}
