import { expect, type Page } from "@playwright/test";
import type { Coordinator } from "@tutti/server";
import type { Held } from "./hold.ts";
import { tinyRun } from "./runs.ts";

/** A page of a run that is served, from one state to the next. */
export interface Stage {
  readonly page: Page;
  readonly coordinator: Coordinator;
  held: Held | null;
}

/** A state that a page can be in; `reach` leads there from the state before. */
export interface ReachableState {
  readonly name: string;
  /** Only whether it fits is looked at: it is like the state before in other words. */
  readonly fitsAlone?: boolean;
  /** Looked at by `npm run access`, and not at every build. */
  readonly isRare?: boolean;
  readonly reach: (stage: Stage) => Promise<void>;
}

/** A run and the states that its pages show, in an order in which one leads to the next. */
export interface Scene {
  readonly name: string;
  readonly serve: () => Promise<Coordinator>;
  readonly states: readonly ReachableState[];
}

/** Of an address: nothing is measured. */
export const quick = "backend=wasm&threads=1";
/** Waits for a second device. */
export const openRun = { ...tinyRun, roster: "open", minDevices: 2, numDevices: 2, cohortSize: 2 } as const;

/** Waits for what the document says it shows. */
export const atState = (page: Page, state: string | RegExp) => expect(page.locator("html")).toHaveAttribute("data-state", state);

/** Opens a page of the run; `path` is behind the coordinator's address. */
export const open =
  (path: string, shown: string) =>
  async ({ page, coordinator }: Stage): Promise<void> => {
    await page.goto(`${coordinator.url}/${path}`);
    await expect(page.locator(shown)).toBeVisible();
  };
