import { readFile, writeFile } from "node:fs/promises";
import type { z } from "zod";
import { errnoOf, fileError } from "../../../system/files.ts";
import { placeFile } from "../../../system/place-file.ts";

/** The value of a small JSON file, or null when it is not there or not of that shape. */
export async function readPrivateJson<T>(path: string, shape: z.ZodType<T>): Promise<T | null> {
  try {
    const parsed = shape.safeParse(JSON.parse(await readFile(path, "utf8")));
    return parsed.success ? parsed.data : null;
  } catch (cause) {
    if (cause instanceof SyntaxError || errnoOf(cause) === "ENOENT") return null;
    throw fileError(cause, { doing: `read ${path}`, storage: "postgres" });
  }
}

/** Puts a small JSON file in place that only this user may read. */
export async function writePrivateJson(path: string, value: unknown): Promise<void> {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  await placeFile(path, (staging) => writeFile(staging, text, { mode: 0o600 }), { mode: 0o600, storage: "postgres" });
}
