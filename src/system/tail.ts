import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Readable } from "node:stream";

/** Gives the last that a stream said. */
export type TailKeeper = () => string;

const tailBytes = 8192;

/** Reads a stream to its end and keeps its last 8 KB. */
export function keepTail(stream: Readable | null): TailKeeper {
  let tail = Buffer.alloc(0);
  stream?.on("data", (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-tailBytes);
  });
  stream?.on("error", () => {});
  return () => tail.toString("utf8");
}

/** The last 8 KB of a file, or nothing when it can't be read. */
export function tailOfFile(path: string): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return "";
  }
  try {
    const from = Math.max(0, fstatSync(file).size - tailBytes);
    const buffer = Buffer.alloc(tailBytes);
    return buffer.subarray(0, readSync(file, buffer, 0, tailBytes, from)).toString("utf8");
  } finally {
    closeSync(file);
  }
}
