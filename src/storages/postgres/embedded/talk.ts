import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { type GuardianState, type Request, requestLine } from "./guardian-state.ts";

/** A guardian on the same machine answers in milliseconds, unless the machine is very busy. */
const answerTimeoutMs = 5_000;

/** An open connection on which a guardian has answered. */
export interface Talk {
  readonly socket: Socket;
  readonly answer: string;
}

/** Sends a request to a guardian. Null when nobody answers there, or not as a guardian of this token would. */
export async function talkTo({ port, token }: GuardianState, request: Request): Promise<Talk | null> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => socket.destroy());
  const gone = closed(socket).then(() => null);
  const timer = setTimeout(() => socket.destroy(), answerTimeoutMs);
  try {
    const lines = createInterface({ input: socket });
    lines.on("error", () => {});
    const answered = new Promise<string>((resolve) => lines.once("line", resolve));
    socket.write(requestLine(token, request));
    const answer = await Promise.race([answered, gone]);
    return answer === null ? null : { socket, answer };
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when the connection has ended, by whichever side. */
export function closed(socket: Socket): Promise<void> {
  return socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once("close", () => resolve()));
}
