import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { z } from "zod";
import type { EmbeddedPaths } from "./paths.ts";
import { readPrivateJson, writePrivateJson } from "./private-json.ts";

const accessShape = z.object({ port: z.number().int(), password: z.string().min(1) });

/** How the server is reached. Kept from start to start, so that a URL that a user noted stays good. */
export type Access = z.output<typeof accessShape>;

/** The superuser of the embedded server. */
export const embeddedUser = "postgres";

export async function readAccess(paths: EmbeddedPaths): Promise<Access | null> {
  return readPrivateJson(paths.access, accessShape);
}

export async function writeAccess(paths: EmbeddedPaths, access: Access): Promise<void> {
  await writePrivateJson(paths.access, access);
}

export function newPassword(): string {
  return randomBytes(24).toString("base64url");
}

/** `wanted` when it is free on 127.0.0.1, else another port that is. */
export async function freePort(wanted: number): Promise<number> {
  return (await probePort(wanted)) ?? (await probePort(0)) ?? wanted;
}

function probePort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(null));
    probe.listen({ port, host: "127.0.0.1" }, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : null));
    });
  });
}
