import { expect, test } from "vitest";
import { latestOnly } from "./latestOnly.ts";

/** Questions whose quiet time and answers the test ends. */
function scene() {
  const waiting: (() => void)[] = [];
  const open = new Map<string, { answer(value: string): void; refuse(error: Error): void; readonly signal: AbortSignal }>();
  const told: string[] = [];
  const questions = latestOnly<string, string>({
    quietMs: 1,
    after(_, act) {
      waiting.push(act);
      return () => void waiting.splice(waiting.indexOf(act), 1);
    },
    act: (question, signal) => new Promise((answer, refuse) => void open.set(question, { answer, refuse, signal })),
    onAnswer: (question, answer) => told.push(`${question}: ${answer}`),
    onFailure: (question, error) => told.push(`${question} failed: ${error instanceof Error ? error.message : ""}`),
  });
  const quiet = () => {
    for (const act of waiting.splice(0)) act();
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { questions, open, told, quiet, settle };
}

test("of questions that come fast only the last is asked", async () => {
  const { questions, open, told, quiet, settle } = scene();
  for (const typed of ["l", "la", "late"]) questions.put(typed);
  quiet();
  expect([...open.keys()]).toEqual(["late"]);
  open.get("late")?.answer("delivery");
  await settle();
  expect(told).toEqual(["late: delivery"]);
});

test("a question that is superseded while it is answered is stopped, and neither its answer nor its failure is told", async () => {
  const { questions, open, told, quiet, settle } = scene();
  questions.put("slow", true);
  questions.put("quick");
  quiet();
  expect(open.get("slow")?.signal.aborted).toBe(true);
  open.get("quick")?.answer("price");
  open.get("slow")?.answer("too late");
  await settle();
  questions.put("third", true);
  questions.drop();
  open.get("third")?.refuse(new Error("stopped"));
  await settle();
  expect(told).toEqual(["quick: price"]);
});

test("a failure of the latest question is told", async () => {
  const { questions, open, told, settle } = scene();
  questions.put("late", true);
  open.get("late")?.refuse(new Error("no memory"));
  await settle();
  expect(told).toEqual(["late failed: no memory"]);
});
