import { register } from "tsx/esm/api";

// from here on this process reads TypeScript sources
register();
