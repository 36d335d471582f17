import { findTask } from "@tutti/data";

/** The task's title, or its name where this page does not know it. */
export function taskTitle(name: string): string {
  return known(name)?.title ?? name;
}

/** Whether the task asks for answers in words. */
export function isTextTask(name: string): boolean {
  return (known(name)?.kind ?? "classification") !== "classification";
}

/** The task's class names, as a file may give them; none of a text task. */
export function classNames(name: string): readonly string[] {
  const task = known(name);
  return task?.kind === "classification" ? task.classes : [];
}

function known(name: string) {
  try {
    return findTask(name);
  } catch {
    return null;
  }
}
