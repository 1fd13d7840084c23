import type { ILedger, RunRecord } from "../contracts/ledger.ts";
import { ConflictError, NotFoundError } from "../errors.ts";
import { noRun } from "../pipelines/ledger/no-run.ts";
import { openLedger } from "../pipelines/ledger/open.ts";
import type { Pipeline, RunOptions } from "../pipelines/pipeline.ts";
import { ProcessEnds } from "../pipelines/run/ending.ts";
import { didYouMean } from "../system/nearest.ts";
import type { ServiceContext } from "./context.ts";
import { QueueDesk } from "./queue-desk.ts";

/** What has become of a run that was begun here. */
interface Begun {
  readonly ending: AbortController;
  readonly ended: Promise<unknown>;
}

/** Begins, ends and looks at runs. A run that was begun here goes on after the request that began it. */
export class RunDesk implements AsyncDisposable {
  readonly #context: ServiceContext;
  readonly #pipelines: ReadonlyMap<string, Pipeline>;
  readonly #begun = new Map<string, Begun>();
  /** Null where no queue is configured. */
  readonly queues: QueueDesk | null;

  constructor(context: ServiceContext) {
    this.#context = context;
    this.queues = context.config.QUEUE === "none" ? null : new QueueDesk(context);
    this.#pipelines = new Map((context.pipelines ?? []).map((pipeline) => [pipeline.name, pipeline]));
  }

  get pipelines(): readonly Pipeline[] {
    return [...this.#pipelines.values()];
  }

  has(pipeline: string): boolean {
    return this.#pipelines.has(pipeline);
  }

  /** Whether a run is under way in this process, so that it can be ended from here. */
  runsHere(run: string): boolean {
    return this.#begun.has(run);
  }

  ledger(): Promise<ILedger> {
    return openLedger(this.#context.config, this.#context.logger);
  }

  /** @throws NotFoundError RUN_NOT_FOUND */
  async run(id: string): Promise<RunRecord> {
    await using ledger = await this.ledger();
    const found = await ledger.run(id);
    if (found) return found;
    if (this.#begun.has(id)) {
      const hint = "Its page is there once one does. The page of queues shows what waits and who works.";
      throw new NotFoundError(`Run ${id} waits in the queue: no worker has begun it yet.`, {
        code: "RUN_NOT_FOUND",
        hint,
      });
    }
    throw await noRun(ledger, id);
  }

  /** Begins a run, or puts it into the queue, and resolves with its id once it has one. @throws ConflictError RUN_OVERLAP */
  begin(name: string, options: Pick<RunOptions, "from" | "to" | "sources"> = {}): Promise<string> {
    return this.#start((with_) => this.#pipeline(name).run({ ...options, ...with_ }));
  }

  /** Goes on with a run. */
  async resume(run: string): Promise<string> {
    const { pipeline } = await this.run(run);
    return this.#start((with_) => this.#pipeline(pipeline).resume(run, with_));
  }

  async undo(run: string) {
    const { pipeline } = await this.run(run);
    return this.#pipeline(pipeline).undo(run, this.#surroundings());
  }

  retryQuarantine(pipeline: string, destination: string) {
    return this.#pipeline(pipeline).quarantine.retry(destination, this.#surroundings());
  }

  /** When each pipeline's last good run ended, of those that the service has. */
  async lastGood(): Promise<{ pipeline: string; lastGood: string | null }[]> {
    if (this.#pipelines.size === 0) return [];
    await using ledger = await this.ledger();
    const asked = [...this.#pipelines.keys()].map(async (pipeline) => {
      const good = (await ledger.runs({ pipeline, limit: 50 })).find(({ state }) => state === "done");
      return { pipeline, lastGood: good?.ended?.toISOString() ?? null };
    });
    return Promise.all(asked);
  }

  /** Asks a run to end, and resolves when it has. @throws ConflictError for one that is over, or of another process. */
  async stop(run: string): Promise<void> {
    const begun = this.#begun.get(run);
    if (!begun) {
      const { state } = await this.run(run);
      if (state !== "running") throw new ConflictError(`Run ${run} is ${state}: there is nothing to end.`);
      throw new ConflictError(`Run ${run} was not begun here.`, {
        hint: "End the process that runs it: it finishes cleanly.",
      });
    }
    begun.ending.abort(new Error("The run was ended from the dashboard."));
    await begun.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const begun = [...this.#begun.values()];
    for (const { ending } of begun) ending.abort(new ProcessEnds("The service was ended."));
    await Promise.all(begun.map(({ ended }) => ended));
    await this.queues?.[Symbol.asyncDispose]();
  }

  #start(run: (options: RunOptions) => Promise<unknown>): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const ending = new AbortController();
    let id: string | undefined;
    const onEvent: RunOptions["onEvent"] = (event) => {
      if ((event.type !== "run-started" && event.type !== "run-queued") || id !== undefined) return;
      id = event.run;
      this.#begun.set(id, { ending, ended });
      resolve(id);
    };
    const ended = run({ ...this.#surroundings(), signal: ending.signal, signals: false, show: "none", onEvent }).then(
      () => reject(new ConflictError("The run was skipped: another one is under way.", { code: "RUN_OVERLAP" })),
      // Once it has an id the ledger has the failure.
      reject,
    );
    void ended.finally(() => id !== undefined && this.#begun.delete(id));
    return promise;
  }

  #surroundings() {
    const { factory, logger } = this.#context;
    return { factory, logger };
  }

  #pipeline(name: string): Pipeline {
    const found = this.#pipelines.get(name);
    if (found) return found;
    const names = [...this.#pipelines.keys()];
    throw new NotFoundError(`The service has no pipeline "${name}".${didYouMean(name, names)}`, {
      code: "RUN_NOT_FOUND",
      hint:
        names.length > 0
          ? `It has ${names.join(", ")}.`
          : "Give it some: service({ pipelines }), or `millrace serve pipelines/*.ts`.",
    });
  }
}
