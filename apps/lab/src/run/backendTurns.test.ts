import { expect, test } from "vitest";
import { createBackendTurns } from "./backendTurns.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("the first run asks alone; when it knows, all others go on together", async () => {
  let isKnown = false;
  const turns = createBackendTurns(() => isKnown);
  const begun: string[] = [];
  const take = async (name: string) => {
    const end = await turns.take();
    begun.push(name);
    return end;
  };
  const first = await take("a");
  const others = [take("b"), take("c"), take("d")];
  await settled();
  expect(begun).toEqual(["a"]);
  isKnown = true;
  first();
  await Promise.all(others);
  expect(begun).toEqual(["a", "b", "c", "d"]);
});

test("a run that ends without an answer leaves the question to one other, not to all", async () => {
  const turns = createBackendTurns(() => false);
  const begun: string[] = [];
  const take = async (name: string) => {
    const end = await turns.take();
    begun.push(name);
    return end;
  };
  const first = await take("a");
  const second = take("b");
  void take("c");
  first();
  const endSecond = await second;
  await settled();
  expect(begun).toEqual(["a", "b"]);
  endSecond();
  await settled();
  expect(begun).toEqual(["a", "b", "c"]);
});
