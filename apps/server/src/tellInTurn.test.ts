import type { RoundEvent } from "@tutti/core";
import { expect, test } from "vitest";
import { tellInTurn } from "./tellInTurn.ts";

const event = (kind: RoundEvent["kind"]): RoundEvent => ({ kind }) as RoundEvent;

function listening() {
  const heard: string[] = [];
  const deferred: (() => void)[] = [];
  const telling = tellInTurn(
    ({ kind }) => void heard.push(kind),
    (act) => void deferred.push(act),
  );
  const tell = (...kinds: RoundEvent["kind"][]) => {
    for (const kind of kinds) telling.tell(event(kind));
  };
  return { heard, tell, tasksHaveLeft: () => deferred.shift()?.(), flush: telling.flush };
}

test("a step's end is told when the tasks of the next have left, in the order in which it happened", () => {
  const { heard, tell, tasksHaveLeft } = listening();
  tell("closing", "closed", "planned");
  expect(heard).toEqual(["closing"]); // a large merge may follow it
  tasksHaveLeft();
  expect(heard).toEqual(["closing", "closed", "planned"]);
});

test("where no tasks follow, it is told at once: the run waits, is over, or repeats the step", () => {
  for (const kind of ["waiting", "done", "repeated"] as const) {
    const { heard, tell } = listening();
    tell("closing", "closed", kind);
    expect(heard).toEqual(["closing", "closed", kind]);
  }
});

test("a step that closes before its plan was told tells of that first, so that each record is told with its own step", () => {
  const { heard, tell } = listening();
  tell("closing", "closed", "planned", "closing");
  expect(heard).toEqual(["closing", "closed", "planned", "closing"]);
});

test("a loop that ends early tells what it has written, once", () => {
  const { heard, tell, flush, tasksHaveLeft } = listening();
  tell("closing", "closed", "planned");
  flush();
  tasksHaveLeft();
  expect(heard).toEqual(["closing", "closed", "planned"]);
});
