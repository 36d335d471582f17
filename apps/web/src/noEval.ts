import { config } from "zod";

// The pages' policy forbids eval. The schema library would try it all the same, and the browser would report each try as an error.
config({ jitless: true });
