import { expect, test } from "vitest";
import { lookForOtherTabs, type TabChannel, takePart } from "./otherTabs.ts";

/** Channels of one browser: each hears what the others say. */
function browser() {
  const open = new Set<(data: unknown) => void>();
  return (): TabChannel => {
    const listeners: ((event: { readonly data: unknown }) => void)[] = [];
    const hear = (data: unknown): void => {
      for (const listener of listeners) listener({ data });
    };
    open.add(hear);
    return {
      postMessage(data) {
        for (const other of [...open]) if (other !== hear) other(data);
      },
      addEventListener: (_, listener) => void listeners.push(listener),
      close: () => void open.delete(hear),
    };
  };
}

test("a tab that takes part is found by one that opens later, and shows itself when it is asked to", () => {
  const channel = browser();
  const log: string[] = [];
  const first = takePart(channel(), () => log.push("shown"));
  const looking = lookForOtherTabs(channel(), () => log.push("found"));
  looking.showIt();
  expect(log).toEqual(["found", "shown"]);
  first.close();
  lookForOtherTabs(channel(), () => log.push("found again"));
  expect(log).toHaveLength(2);
});

test("one that joins while another looks is found too, and one that only looks is no other participant", () => {
  const channel = browser();
  const log: string[] = [];
  lookForOtherTabs(channel(), () => log.push("first finds"));
  lookForOtherTabs(channel(), () => log.push("second finds"));
  expect(log).toEqual([]);
  takePart(channel(), () => undefined);
  expect(log).toEqual(["first finds", "second finds"]);
});

test("a browser without channels finds nobody", () => {
  const looking = lookForOtherTabs(null, () => expect.fail("nobody is there"));
  looking.showIt();
  looking.close();
  takePart(null, () => undefined).close();
});
