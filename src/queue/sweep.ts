import type { Logger } from "../contracts/logger.ts";
import { type QueuePlace, schema } from "./place.ts";

/**
 * Looks for jobs whose worker gives no sign of life any more, and gives them to others. Other queues may have another lease.
 * After the server was away all of them look dead: their workers get time to say that they are not.
 */
export function sweep(place: QueuePlace, logger: Logger): Disposable {
  const leaseMs = place.config.QUEUE_LEASE;
  let patientUntil = performance.now() + leaseMs / 2;
  let looking = false;
  const look = async () => {
    if (looking) return;
    looking = true;
    try {
      const found = await place.sql<Silent>(silentSql, [leaseMs / 1_000, `${place.config.QUEUE_NAME}/`]);
      const patient = performance.now() < patientUntil;
      for (const { name, id, attempt, seconds } of patient ? [] : found) {
        logger.warn({ job: id }, `Job ${id} of ${name} is given to another worker: no sign of life for ${seconds} s.`);
        const message = `Its worker gave no sign of life for ${seconds} s.`;
        await place.boss.fail(name, { id, retryCount: attempt }, { name: "LeaseLost", message });
      }
      if (found.length > 0 && !patient) await place.notify({ lost: found.slice(0, 100).map(({ id }) => id) });
      for (const queue of patient ? [] : new Set(found.map(({ name }) => name))) await place.notify({ queue });
    } catch (cause) {
      patientUntil = performance.now() + leaseMs / 2;
      logger.debug({ err: cause }, "The queue does not answer.");
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void look(), leaseMs / 4);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

interface Silent {
  readonly name: string;
  readonly id: string;
  readonly attempt: number;
  readonly seconds: number;
}

const silentSql = `SELECT name, id, retry_count AS attempt, round(extract(epoch FROM now() - heartbeat_on))::int AS seconds
  FROM ${schema}.job WHERE starts_with(name, $2) AND state = 'active' AND heartbeat_on < now() - $1 * interval '1 second' LIMIT 1000`;
