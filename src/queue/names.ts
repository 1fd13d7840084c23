import { hash } from "node:crypto";

export type JobKind = "runs" | "sources";

/** A queue of pg-boss: one for each pipeline, version and kind of job, so that a worker takes only what it can do. */
export interface QueueParts {
  readonly queue: string;
  readonly pipeline: string;
  readonly version: string;
  readonly kind: JobKind;
}

export function queueName({ queue, pipeline, version, kind }: QueueParts): string {
  return [queue, coded(pipeline), coded(version), kind].join("/");
}

/** Null for a name of another form. */
export function readQueueName(name: string): QueueParts | null {
  const [queue = "", pipeline, version, kind, ...more] = name.split("/");
  if (pipeline === undefined || version === undefined || more.length > 0) return null;
  if (kind !== "runs" && kind !== "sources") return null;
  return { queue, pipeline: decoded(pipeline), version: decoded(version), kind };
}

/** Where jobs go that can't be done. */
export function deadName(queue: string): string {
  return `${queue}/dead`;
}

/** The same for the same words, in the form of a UUID. */
export function jobId(...words: readonly string[]): string {
  const hex = hash("sha256", JSON.stringify(words));
  const version = `5${hex.slice(13, 16)}`;
  return [hex.slice(0, 8), hex.slice(8, 12), version, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
}

/** `2` before `10`, `1.9` before `1.10`. */
const byNumbers = new Intl.Collator("en", { numeric: true });

export function isNewer(version: string, than: string): boolean {
  return byNumbers.compare(version, than) > 0;
}

/** pg-boss takes letters, digits and few signs. */
function coded(text: string): string {
  return text.replace(/[^\w-]/gu, (sign) => `.${(sign.codePointAt(0) ?? 0).toString(16)}.`);
}

function decoded(text: string): string {
  return text.replace(/\.([0-9a-f]+)\./g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)));
}
