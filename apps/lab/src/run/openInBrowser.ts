import { spawn } from "node:child_process";

const openers: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] };

/** Shows a file in the user's own browser; nothing happens where there is none. */
export function openInBrowser(path: string): void {
  const [command = "xdg-open", ...args] = openers[process.platform] ?? [];
  spawn(command, [...args, path], { stdio: "ignore", detached: true })
    .on("error", () => undefined)
    .unref();
}
