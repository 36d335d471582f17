/** A setting with which a branch differs from the run that it leaves. */
export interface SettingChange {
  /** Dotted, such as `training.clientLearningRate`. */
  readonly path: string;
  /** Undefined where the run had no such setting. */
  readonly before: unknown;
  readonly after: unknown;
}

/** The settings that differ, each by itself. */
export function settingChanges(before: unknown, after: unknown, path: readonly string[] = []): SettingChange[] {
  if (!isGroup(before) || !isGroup(after)) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path: path.join("."), before, after }];
  }
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => settingChanges(before[name], after[name], [...path, name]));
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
