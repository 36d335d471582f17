import { type ClassificationTask, findTask } from "@tutti/data";
import { words } from "../words/words.ts";

/** The task's title, or its name where this page does not know it. */
export function taskTitle(name: string): string {
  const titles: Readonly<Record<string, string | undefined>> = words.taskTitles;
  return titles[name] ?? known(name)?.title ?? name;
}

/** The task, where each of its examples has a class; null of a text task, and where this page does not know the task. */
export function classificationOf(name: string): ClassificationTask | null {
  const task = known(name);
  return task?.kind === "classification" ? task : null;
}

/** Whether the task asks for answers in words. */
export function isTextTask(name: string): boolean {
  return (known(name)?.kind ?? "classification") !== "classification";
}

function known(name: string) {
  try {
    return findTask(name);
  } catch {
    return null;
  }
}
