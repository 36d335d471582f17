import { expect, test } from "vitest";
import { rememberedJoin, rememberJoin, type TabMemory } from "./rejoin.ts";

const [folder, other] = ["https://host.example/tutti/", "https://host.example/b/"];

/** What one tab keeps through a reload; a browser that blocks a site's data throws when its storage is touched. */
function memory(isBlocked: boolean): TabMemory {
  const items = new Map<string, string>();
  const history = {
    state: null as unknown,
    replaceState(state: unknown) {
      history.state = structuredClone(state);
    },
  };
  return {
    history,
    get sessionStorage() {
      if (isBlocked) throw new DOMException("The operation is insecure.", "SecurityError");
      return {
        getItem: (key: string) => items.get(key) ?? null,
        setItem: (key: string, value: string) => void items.set(key, value),
        removeItem: (key: string) => void items.delete(key),
      };
    },
  };
}

for (const isBlocked of [false, true]) {
  test(`a tab remembers through a reload how it took part, ${isBlocked ? "where site data is blocked" : "in its session storage"}`, () => {
    const tab = memory(isBlocked);
    expect(rememberedJoin(folder, tab)).toBeNull();
    rememberJoin(folder, { source: "share", isKept: !isBlocked }, tab);
    expect(rememberedJoin(folder, tab)).toEqual({ source: "share", isKept: !isBlocked });
    expect(rememberedJoin(other, tab)).toBeNull(); // another coordinator behind the same host
    rememberJoin(folder, { source: "own", isKept: true }, tab);
    expect(rememberedJoin(folder, tab)).toEqual({ source: "own", isKept: true });
    rememberJoin(folder, { source: "share", isKept: true, isForwardOnly: true }, tab);
    expect(rememberedJoin(folder, tab)).toEqual({ source: "share", isKept: true, isForwardOnly: true });
    rememberJoin(folder, null, tab);
    expect(rememberedJoin(folder, tab)).toBeNull();
  });
}

test("what is remembered in another form counts as nothing", () => {
  for (const text of ["yes", "{", "null", '{"source":"both","isKept":true}', '{"source":"own"}']) {
    const tab = memory(false);
    const sessionStorage = { ...tab.sessionStorage, getItem: () => text };
    expect(rememberedJoin(folder, { ...tab, history: tab.history, sessionStorage })).toBeNull();
  }
});
