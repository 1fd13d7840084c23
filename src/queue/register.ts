import { registerQueue } from "../pipelines/run/queue-engine.ts";

// The queue itself is loaded when a config names one.
registerQueue(async () => (await import("./engine.ts")).queue);
