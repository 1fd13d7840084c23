import type { SourceWeb } from "../source-web.ts";
import type { Engine } from "./crawl.ts";

/** The engine that fetches pages, loaded when the first crawl begins: `import "millrace"` stays light. */
export function lazyHttpEngine(web: SourceWeb): Engine {
  return async (parts) => {
    const { httpEngine } = await import("./http-engine.ts");
    return httpEngine(web.client, web)(parts);
  };
}
