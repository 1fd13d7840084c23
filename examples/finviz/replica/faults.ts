import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";

/** What the replica can do wrong, as real sites do. */
export type Fault =
  | "rename-class"
  | "rename-cell"
  | "too-many-requests"
  | "server-error"
  | "cut-connection"
  | "hang"
  | "redirect-circle"
  | "bomb";

/** Whether the fault took the answer over. Those of the markup are in the pages themselves. */
export function misbehave(fault: Fault | undefined, request: IncomingMessage, response: ServerResponse): boolean {
  switch (fault) {
    case "too-many-requests":
      response.writeHead(429, { "retry-after": "0" }).end();
      return true;
    case "server-error":
      response.writeHead(500, { "content-type": "text/html" }).end("<h1>Internal error</h1>");
      return true;
    case "cut-connection":
      // Some of a page, so that only its end shows that it is none.
      response.writeHead(200, { "content-type": "text/html", "content-length": "100000" });
      response.write("<html><body><table>", () => request.socket.destroy());
      return true;
    case "hang":
      return true;
    case "redirect-circle": {
      const url = new URL(request.url ?? "/", "http://replica");
      url.searchParams.set("again", url.searchParams.get("again") === "1" ? "2" : "1");
      response.writeHead(302, { location: url.pathname + url.search }).end();
      return true;
    }
    case "bomb":
      response.writeHead(200, { "content-type": "text/html", "content-encoding": "gzip" }).end(bomb());
      return true;
    default:
      return false;
  }
}

let packed: Buffer | undefined;

/** 200 MB of spaces as 200 KB. */
function bomb(): Buffer {
  packed ??= gzipSync(Buffer.alloc(200 << 20, " "), { level: 9 });
  return packed;
}
