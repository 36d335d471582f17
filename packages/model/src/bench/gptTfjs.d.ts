declare module "gpt-tfjs" {
  interface Gpt {
    dispose(): unknown;
  }
  const library: {
    readonly model: { GPT(config: Readonly<Record<string, number>>): Gpt };
    readonly train: { train(model: Gpt, dataset: object, config: object): Promise<void> };
  };
  export = library;
}
