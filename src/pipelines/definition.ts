import type { Config } from "../config/settings.ts";
import type { ICalculator } from "../contracts/calculator.ts";
import type { Checks, OnFail } from "../contracts/check.ts";
import type { IDataBackup } from "../contracts/data-backup.ts";
import type { IDataSaver } from "../contracts/data-saver.ts";
import type { IDataSource } from "../contracts/data-source.ts";
import type { Logger } from "../contracts/logger.ts";
import type { SaveOptions } from "../contracts/save-options.ts";
import type { Schedule } from "../contracts/schedule.ts";
import type { IScraper } from "../contracts/scraper.ts";
import type { DataFactory } from "../factory/data-factory.ts";
import type { Pipeline } from "./pipeline.ts";
import type { RunResult } from "./result.ts";

/** A duration: milliseconds, or `500ms`, `60s`, `15m`, `12h`, `7d`. */
export type Duration = number | string;

/** A component's class as the base classes have it; the run makes it with its config and logger. */
export type ComponentClass<T> = new (config: Config, logger: Logger) => T;

/** A storage by its type, such as `postgres`, or a component of one's own. */
export type SourceRef = string | IDataSource;
export type SaverRef = string | IDataSaver;
export type BackupRef = string | IDataBackup;

/** How often and after which waits work is tried again whose error says `retryable`. */
export interface Retries {
  /** Tries in all; 1 means no further one. Default: 3. */
  readonly attempts?: number;
  /** Default: `exponential`. Every wait is random between half of it and all of it. */
  readonly backoff?: "exponential" | "constant";
  /** The first wait. Default: 1s. */
  readonly delay?: Duration;
  /** The longest wait. Default: 60s. */
  readonly maxDelay?: Duration;
}

/** Reads only what is new. */
export interface Incremental {
  /** The column of dates or datetimes by which new rows are told. */
  readonly cursor: string;
  /** Where the first run begins: ISO text or Date. Default: at the first row. */
  readonly start?: string | Date;
  /** How far before the cursor every read begins, for rows that come late. Default: 0. */
  readonly lag?: Duration;
  /** What rows without a time mean. Default: `fail`. */
  readonly onNull?: "fail" | "skip";
  /** Reads in pieces of this length, each saved with its cursor before the next: a long first load goes on where it ended. Needs `start`. */
  readonly window?: Duration;
}

/** What every step may say for itself; else the pipeline's own counts. */
export interface StepOptions {
  /** Only pipelines have one. */
  readonly kind?: undefined;
  /** Default: what it is, with a number when there are several. */
  readonly name?: string;
  readonly retries?: Retries;
  /** How long the step may take in all. */
  readonly deadline?: Duration;
  /** How many sources are worked on at once. */
  readonly concurrency?: number;
  readonly checks?: Checks;
  readonly onFail?: OnFail;
}

/** Runs a scraper, and saves what it brings. */
export interface ScrapeStep {
  /** The scraper, or its class, which the run makes. */
  readonly scraper: IScraper | ComponentClass<IScraper>;
  /** Where rows go: a storage's type, or a saver of one's own. */
  readonly into: SaverRef;
  /** Default: all that the scraper has. */
  readonly sources?: readonly string[];
  /** Backs up what stands there before it is replaced. */
  readonly backup?: BackupRef;
}

/** Runs a calculator over the sources of a storage, and saves the results. */
export type CalculateStep = CalculateOptions & {
  /** The calculator, or its class, which the run makes. */
  readonly calculator: ICalculator | ComponentClass<ICalculator>;
  /** Where frames come from: a storage's type, or a source of one's own. */
  readonly from: SourceRef;
  /** Where results go: a storage's type, or a saver of one's own. */
  readonly to: SaverRef;
  /** Backs up what stands at each destination before it is replaced. */
  readonly backup?: BackupRef;
  /** Default: what earlier steps of the run saved there, else all that the source lists. */
  readonly sources?: readonly string[];
  /** Reads only what is new since the last run. */
  readonly incremental?: Incremental;
};

/** How results are saved where the calculator's own `saveOptions` do not say. */
type CalculateOptions =
  | {
      /** How results are saved; the calculator's own `saveOptions` come first. Default: `replace`. `upsert` needs a `key`. */
      readonly mode?: "replace" | "append";
      /** The columns by which rows are one and the same. */
      readonly key?: KeyColumns;
    }
  | { readonly mode: "upsert"; readonly key: KeyColumns };

/** Copies one frame, or all of a storage, to one or several others; read once. */
export type CopyStep = CopyOptions & {
  /** `csv:prices`, or `csv` for all that it lists or for `sources`; or a source of one's own. */
  readonly from: SourceRef;
  /** `postgres:prices`, or `postgres` for the same name; several in a list. */
  readonly to: SaverRef | readonly SaverRef[];
  /** Which frames. Default: all that the source lists. */
  readonly sources?: readonly string[];
  /** Backs up what stands at each destination before it is replaced. */
  readonly backup?: BackupRef;
  /** Reads only what is new since the last run. */
  readonly incremental?: Incremental;
  /** Only these columns, in this order. Default: all. */
  readonly columns?: readonly string[];
  /** Rows of one batch. Default: 65,536. */
  readonly batchRows?: number;
};

/** How a copy is saved: as in a storage's own save options. */
type CopyOptions = Pick<SaveOptions, "schema" | "timeColumn" | "schemaChange"> &
  (
    | {
        /** How rows are saved. Default: `replace`. `upsert` needs a `key`. */
        readonly mode?: "replace" | "append";
        /** The columns by which rows are one and the same. */
        readonly key?: KeyColumns;
      }
    | { readonly mode: "upsert"; readonly key: KeyColumns }
  );
type KeyColumns = readonly [string, ...string[]];

/** What a step that is a function gets. Its components know the run: they check, count, keep marks and can be undone. */
export interface StepContext {
  /** The run's id, and the names of pipeline and step. */
  readonly run: { readonly id: string; readonly pipeline: string; readonly step: string };
  /** The factory itself. What it makes knows nothing of the run. */
  readonly factory: DataFactory;
  /** Every setting with its value. */
  readonly config: Config;
  /** The service's logger. */
  readonly logger: Logger;
  /** Aborted when the run is to end. */
  readonly signal: AbortSignal;
  /** A source, by a storage's type or as it is. */
  source(ref: SourceRef): IDataSource;
  /** A saver, by a storage's type or as it is. */
  saver(ref: SaverRef): IDataSaver;
  /** A backup, by a storage's type or as it is. */
  backup(ref: BackupRef): IDataBackup;
  /** Works on items as a calculator does on sources: each has its own state and tries, and one that is done is not done again. */
  each(items: readonly string[], work: (item: string, signal: AbortSignal) => Promise<unknown>): Promise<void>;
}

/** A step that is a function. */
export interface StepFunction {
  (context: StepContext): unknown | Promise<unknown>;
  /** Only pipelines have one: so TypeScript knows which of a step's forms it looks at. */
  readonly kind?: undefined;
}

/** One step: exactly one of `scrape`, `calculate`, `copy`, `run` and `pipeline`; or a function or a pipeline as it is. */
export type Step =
  | StepFunction
  | Pipeline
  | (StepOptions &
      (
        | { readonly scrape: ScrapeStep }
        | { readonly calculate: CalculateStep }
        | { readonly copy: CopyStep }
        | {
            readonly run: StepFunction;
            /** It does nothing but through the components of its context, so that `plan` may run it. */
            readonly plannable?: boolean;
          }
        | { readonly pipeline: Pipeline }
      ));

/** Called when a run has ended. What it throws is logged and changes nothing. */
export type RunHook = (
  result: RunResult,
  context: { readonly logger: Logger; readonly config: Config },
) => unknown | Promise<unknown>;

interface PipelineOptions {
  /** It stands in the ledger, the log and the lock; one name is one pipeline. */
  readonly name: string;
  /** Changes when results would. Kept with every run. Default: "1". */
  readonly version?: string;
  /** When it runs, once `millrace serve` or `scheduler` has it. Default: only when asked. */
  readonly schedule?: Schedule;
  /** For every step that does not say otherwise. Default: 3 tries. */
  readonly retries?: Retries;
  /** How long a run may take. */
  readonly deadline?: Duration;
  /** How many sources of a step are worked on at once. Default: 4. */
  readonly concurrency?: number;
  /** What a run does while another one of the same pipeline is under way. Default: `fail`. */
  readonly onOverlap?: "skip" | "wait" | "fail";
  /**
   * What `run` does when the last run was killed or stopped on its way: finish that one first, or begin anew. Default: `resume`
   * where a step appends without a cursor, since that is not the same twice; else `restart`.
   */
  readonly onInterrupted?: "resume" | "restart";
  /** For every copy and calculate step that does not say otherwise. */
  readonly incremental?: Incremental;
  /** For every step that does not say otherwise. */
  readonly checks?: Checks;
  /** Default: `stop`. */
  readonly onFail?: OnFail;
  /** What each run touches is kept so that `undo` can bring it back. */
  readonly undoable?: boolean;
  /** Called when a run is done. */
  readonly onSuccess?: RunHook;
  /** Called when a run failed. */
  readonly onFailure?: RunHook;
}

/** A pipeline: its steps in a list, or one of each kind by name, which run in the order scrape, calculate, copy. */
export type PipelineDefinition = PipelineOptions &
  (
    | {
        /** What it does, in order. */
        readonly steps: readonly [Step, ...Step[]];
        /** The one scrape step, when there is no list. */
        readonly scrape?: never;
        /** The one calculate step, when there is no list. */
        readonly calculate?: never;
        /** The one copy step, when there is no list. */
        readonly copy?: never;
      }
    | {
        readonly steps?: never;
        readonly scrape?: ScrapeStep;
        readonly calculate?: CalculateStep;
        readonly copy?: CopyStep;
      }
  );
