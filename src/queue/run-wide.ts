import { setTimeout as sleep } from "node:timers/promises";
import type { ILedger } from "../contracts/ledger.ts";
import { rememberWork } from "../pipelines/run/once.ts";
import type { Seat, Session } from "../pipelines/run/session.ts";
import { Touches } from "../pipelines/run/touches.ts";

const lookMs = 50;

/** What is to be done once in a run, whichever worker comes to it first: touches and backups. */
export function runWide(run: string, ledger: ILedger): Pick<Seat, "touches" | "once"> {
  const here = rememberWork();
  const once: Session["once"] = (key, work) => here(key, () => (isOfRun(key) ? inRun(run, ledger, key, work) : work()));
  return { once, touches: (undoable) => new SharedTouches(undoable, ledger) };
}

/** A backup of what stood there before the run; all else that is remembered is a value of this process. */
function isOfRun(key: string): boolean {
  return key.startsWith("backup ");
}

async function inRun(run: string, ledger: ILedger, key: string, work: () => Promise<unknown>): Promise<unknown> {
  await using _ = await claimOnce(ledger, `${run} ${key}`);
  if ((await ledger.recall("once", `${run} ${key}`)) !== null) return [true, null];
  const result = await work();
  await ledger.remember("once", `${run} ${key}`, "done");
  return result;
}

/** What an undo needs is kept by one worker before any other saves there. */
class SharedTouches extends Touches {
  readonly #undoable: boolean;
  readonly #ledger: ILedger;
  readonly #kept = new Set<string>();

  constructor(undoable: boolean, ledger: ILedger) {
    super(undoable);
    this.#undoable = undoable;
    this.#ledger = ledger;
  }

  /** A try that is lost takes none of the others with it: each asks for itself, until one has done it. */
  override async before(...given: Parameters<Touches["before"]>): Promise<void> {
    const [, , place, destination] = given;
    const key = `${place.id}\n${destination}`;
    if (this.#kept.has(key)) return;
    await this.touch(...given);
    this.#kept.add(key);
  }

  protected override async touch(...given: Parameters<Touches["before"]>): Promise<void> {
    if (!this.#undoable) return super.touch(...given);
    const [{ id }, , place, destination] = given;
    await using _ = await claimOnce(this.#ledger, `${id} touch ${place.id} ${destination}`);
    await super.touch(...given);
  }
}

async function claimOnce(ledger: ILedger, name: string): Promise<AsyncDisposable> {
  for (;;) {
    const claim = await ledger.claim(name);
    if (claim) return claim;
    await sleep(lookMs);
  }
}
