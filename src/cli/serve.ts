import type { GlobalOptions } from "./options.ts";
import { printJson, say } from "./output.ts";
import { inSession } from "./session.ts";

/** Serves the project's storages over HTTP until it is asked to end. */
export function serveUntilAsked(given: { port?: number; host?: string }, options: GlobalOptions): Promise<void> {
  return inSession(options, async ({ config, factory, logger }) => {
    const { serve } = await import("../service/serve.ts");
    const place = {
      ...(given.host === undefined ? {} : { SERVICE_HOST: given.host }),
      ...(given.port === undefined ? {} : { SERVICE_PORT: given.port }),
    };
    await using served = await serve({ factory, logger, config: { ...config, ...place } });
    if (options.json) printJson({ url: served.url });
    else say(`Serving at ${served.url}. Ctrl-C ends it.`, options);
    await askedToEnd();
    say("Ending.", options);
  });
}

function askedToEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}
