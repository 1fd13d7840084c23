import { z } from "zod";
import type { EmbeddedPaths } from "./paths.ts";
import { readPrivateJson } from "./private-json.ts";

const guardianShape = z.object({
  pid: z.number().int(),
  /** Where users connect to it, on 127.0.0.1. */
  port: z.number().int(),
  /** The first thing that a user sends. */
  token: z.string(),
  server: z.object({ pid: z.number().int(), port: z.number().int() }),
  /** UTC, ISO. */
  started: z.string(),
});

/** What a running guardian says of itself in guardian.json. */
export type GuardianState = z.output<typeof guardianShape>;

/** The state that was written last, or null. Its guardian may be gone. */
export async function readGuardian(paths: EmbeddedPaths): Promise<GuardianState | null> {
  return readPrivateJson(paths.guardian, guardianShape);
}

/**
 * What is said over the connection, in lines. First the client: `<token> use <idle ms>`, `<token> status` or
 * `<token> stop`. The guardian answers `ok`, for status a line of JSON `{"users":n}`. A `use` holds for as long as its
 * connection is open; the kernel closes it with its process. After `stop` the connection is closed when the server is gone.
 */
export type Request = { verb: "use"; idleMs: number } | { verb: "status" } | { verb: "stop" };

export function requestLine(token: string, request: Request): string {
  return `${token} ${request.verb}${request.verb === "use" ? ` ${request.idleMs}` : ""}\n`;
}

/** The request in a line, or null when the token is wrong or the line makes no sense. */
export function parseRequest(line: string, token: string): Request | null {
  const [given, verb, idle] = line.trim().split(" ");
  if (given !== token) return null;
  if (verb === "use" && Number(idle) >= 0) return { verb, idleMs: Number(idle) };
  return verb === "status" || verb === "stop" ? { verb } : null;
}
