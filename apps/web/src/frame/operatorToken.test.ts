import { expect, test } from "vitest";
import { forgetOperatorToken, type OperatorWindow, operatorToken } from "./operatorToken.ts";

const folder = "http://class.example/run/";

/** A tab whose address is written down when it changes. */
function tab(hash: string, isBlocked = false, stored = new Map<string, string>()) {
  const addresses: string[] = [];
  const blocked = () => {
    throw new Error("this site may store nothing");
  };
  const here: OperatorWindow = {
    location: { hash, pathname: "/run/stage", search: "?wall=1" },
    history: { state: null, replaceState: (_state, _title, address) => void addresses.push(String(address)) },
    sessionStorage: {
      getItem: isBlocked ? blocked : (name) => stored.get(name) ?? null,
      setItem: isBlocked ? blocked : (name, value) => void stored.set(name, value),
      removeItem: isBlocked ? blocked : (name) => void stored.delete(name),
    },
  };
  return { here, addresses, stored };
}

test("the operator's token is read once, leaves the address, and what else is behind # stays", () => {
  const { here, addresses, stored } = tab("#operator=secret-1&token=blue+heron");
  expect(operatorToken(folder, here)).toBe("secret-1");
  expect(addresses).toEqual(["/run/stage?wall=1#token=blue+heron"]);
  forgetOperatorToken(folder, here);
  const again = tab("#operator=secret-2");
  expect(operatorToken(folder, again.here)).toBe("secret-2");
  expect(again.addresses).toEqual(["/run/stage?wall=1"]);
  expect([...again.stored.values()]).toEqual(["secret-2"]);
  expect(stored.size).toBe(0);
  forgetOperatorToken(folder, again.here);
});

test("a reload finds the token in its own tab, a tab without one has none, and one that is forgotten is gone", () => {
  const { here, stored } = tab("#operator=secret");
  expect(operatorToken(folder, here)).toBe("secret");
  forgetOperatorToken(folder, tab("").here); // another tab, and this one is loaded again: nothing is remembered but the store
  expect(operatorToken(folder, tab("", false, stored).here)).toBe("secret");
  forgetOperatorToken(folder, tab("", false, stored).here);
  expect(operatorToken(folder, tab("", false, stored).here)).toBeNull();
});

test("a browser that stores nothing keeps the token until the page is loaded again", () => {
  const { here } = tab("#operator=secret", true);
  expect(operatorToken(folder, here)).toBe("secret");
  expect(operatorToken(folder, tab("", true).here)).toBe("secret");
  forgetOperatorToken(folder, here);
  expect(operatorToken(folder, tab("", true).here)).toBeNull();
});
