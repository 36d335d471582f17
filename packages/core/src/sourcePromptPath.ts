/** Path of a source prompt's file in the public folder: prompts of one name that have other numbers of tokens have other files. */
export function sourcePromptPath(backbone: string, name: string, promptTokens: number): string {
  return `prompts/${backbone}/${name}-${promptTokens}.json`;
}
