/**
 * Tells a webhook how a run ended: `onFailure: notifyWebhook(url)`. The body has a `text` that chats such as Slack and Mattermost
 * show, and the run's facts beside it.
 */
import type { RunHook } from "millrace";

export interface WebhookOptions {
  /** Milliseconds in which the webhook has to answer. Default: 5,000. */
  readonly timeoutMs?: number;
}

/** The address often is a secret, so no error names more of it than its host. */
export function notifyWebhook(url: string, { timeoutMs = 5_000 }: WebhookOptions = {}): RunHook {
  const { host } = new URL(url);
  return async ({ id, pipeline, state, rows, error, began, ended }) => {
    const seconds = ended ? Math.round((ended.getTime() - began.getTime()) / 1_000) : 0;
    const outcome = error ? `${state}: ${error.message}` : `${state}, ${rows} rows in ${seconds} s`;
    const body = { text: `${pipeline} ${outcome}`, pipeline, run: id, state, rows, seconds, error };
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
      redirect: "error",
    }).catch((cause: unknown) => {
      const late = cause instanceof Error && cause.name === "TimeoutError";
      throw new Error(
        `The webhook at ${host} ${late ? `did not answer within ${timeoutMs} ms` : "could not be reached"}.`,
      );
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`The webhook at ${host} answered ${answer.status}.`);
  };
}
