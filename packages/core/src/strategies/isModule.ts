/** `strategy.name` of a strategy from a module. */
export const moduleName = "module";

/** Whether a run's strategy is from a module. */
export function isModule<S extends { readonly name: string }>(strategy: S): strategy is Extract<S, { readonly name: typeof moduleName }> {
  return strategy.name === moduleName;
}
