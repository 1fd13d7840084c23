import type { Logger } from "../../contracts/logger.ts";
import { SchemaError } from "../../errors.ts";
import { emptySelectors, findBreaches, type Health, historyLength, seasonOf } from "./health.ts";
import type { Memory } from "./memory.ts";
import type { Profile } from "./profile.ts";
import type { SelectorCounts } from "./selectors.ts";

const kind = "scrape-health";
/** Seasons of a day, a week and a year. */
const seasons = { hour: 24, weekday: 7, month: 12 };

/** What a gate compares with, and how. */
export interface GateOptions {
  readonly memory: Memory;
  /** Under which the runs are remembered. */
  readonly name: string;
  readonly source: string;
  readonly health: Health | false;
  /** Whether earlier runs count, and this one for later ones. Declared bounds hold without. */
  readonly compares: boolean;
  /** A breach is taken for an intended change: the run is saved, and later ones are compared with it alone. */
  readonly accept: boolean;
  readonly logger: Logger;
}

/** Compares a run with the last good ones of its source, before its rows are saved. */
export class HealthGate {
  readonly #options: GateOptions;
  readonly #runs: readonly Profile[];
  #isAccepted = false;

  private constructor(options: GateOptions, runs: readonly Profile[]) {
    this.#options = options;
    this.#runs = runs;
  }

  static async open(options: GateOptions): Promise<HealthGate> {
    const kept = options.health === false || !options.compares ? null : await options.memory.recall(kind, options.name);
    return new HealthGate(options, kept === null ? [] : (JSON.parse(kept) as Profile[]));
  }

  /** Which selectors went empty, as sentences behind another message. */
  explain(counts: SelectorCounts, time = new Date()): string {
    const found = emptySelectors({ selectors: Object.fromEntries(counts) }, this.#comparable(time.toISOString()));
    if (found.length > 0) return ` ${found.slice(0, 5).join(" ")}`;
    const never = [...counts].filter(([, { found: each }]) => each === 0).map(([selector]) => JSON.stringify(selector));
    return never.length === 0 ? "" : ` What finds nothing: ${never.slice(0, 5).join(", ")}.`;
  }

  /** @throws SchemaError SOURCE_CHANGED that says all that differs too much. */
  check(now: Profile): void {
    const { health, accept, logger, source, compares } = this.#options;
    const history = this.#comparable(now.time);
    const breaches = findBreaches(now, history, health === false ? {} : health);
    if (breaches.length === 0) {
      if (history.length === 0 && health !== false && compares) {
        logger.info(
          { source, rows: now.rows },
          `${source} has no earlier run to be compared with; later ones are compared with this one.`,
        );
      }
      return;
    }
    const message = [...breaches, ...emptySelectors(now, history)].join(" ");
    if (!accept) {
      throw new SchemaError(`${source} differs too much from its last good runs. ${message}`, {
        code: "SOURCE_CHANGED",
        frame: source,
        hint: "Mend `parse`. If the change is right, scrape once with `accept: true` (`millrace scrape … --accept`).",
      });
    }
    this.#isAccepted = true;
    logger.warn(
      { source, breaches },
      `${source} differs from its last good runs, and is accepted as it is. ${message}`,
    );
  }

  /** Remembers a run that was saved. */
  async learn(now: Profile): Promise<void> {
    const { health, memory, name, compares } = this.#options;
    if (health === false || !compares) return;
    const most = (health.history ?? historyLength) * (health.seasonal ? seasons[health.seasonal] : 1);
    const runs = this.#isAccepted ? [now] : [...this.#runs, now].slice(-most);
    await memory.remember(kind, name, JSON.stringify(runs));
  }

  /** The runs of the same season, the newest ones. */
  #comparable(time: string): readonly Profile[] {
    const { health } = this.#options;
    if (health === false) return [];
    const season = seasonOf(time, health.seasonal);
    return this.#runs
      .filter((run) => seasonOf(run.time, health.seasonal) === season)
      .slice(-(health.history ?? historyLength));
  }
}
