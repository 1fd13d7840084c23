import { createHash } from "node:crypto";
import type { TouchBefore, TouchRecord } from "../../contracts/ledger.ts";
import { ConflictError } from "../../errors.ts";
import type { SaverPlace } from "./places.ts";
import type { Session } from "./session.ts";

/** What a run touches: kept before the first save under each name, so that it can be undone, and that later runs are known. */
export class Touches {
  readonly #done = new Map<string, Promise<void>>();
  readonly #undoable: boolean;

  constructor(undoable: boolean) {
    this.#undoable = undoable;
  }

  /** Resolves once what stands there is kept. Costs nothing but the first time. */
  before(session: Session, step: string, place: SaverPlace, destination: string): Promise<void> {
    const key = `${place.id}\n${destination}`;
    let done = this.#done.get(key);
    if (!done) {
      done = this.touch(session, step, place, destination);
      this.#done.set(key, done);
      done.catch(() => this.#done.delete(key));
    }
    return done;
  }

  protected async touch(session: Session, step: string, place: SaverPlace, destination: string): Promise<void> {
    const { ledger, id: run } = session;
    const about = { storage: place.id, destination };
    const earlier = await ledger.touches(about);
    if (earlier.some((touch) => touch.run === run)) return;
    const before = this.#undoable ? await keepBefore(session, place, destination) : null;
    await ledger.putTouch({ run, step, type: place.type, ...about, before });
    // A run that was touched by a later one can't be undone any more: what was kept for it goes.
    for (const touch of earlier) await dropBefore(session, touch);
  }
}

/** Storages that keep versions of their own. */
interface KeepsVersions {
  listVersions(name: string): Promise<readonly { readonly version: number; readonly deleted?: boolean }[]>;
}

async function keepBefore({ factory, id }: Session, place: SaverPlace, destination: string): Promise<TouchBefore> {
  if (place.source && "listVersions" in place.source && "snapshot" in place.saver) {
    const { snapshot } = place.saver as unknown as { snapshot(name: string, options: object): Promise<void> };
    const versions = await (place.source as unknown as KeepsVersions).listVersions(destination).catch(missingIsNone);
    if (!versions.some(({ deleted }) => !deleted)) return { kind: "nothing" };
    const name = snapshotName(id, destination);
    await snapshot.call(place.saver, name, { names: [destination] }).catch(isThere);
    return { kind: "snapshot", name };
  }
  const storage = factory.storages.find(({ type }) => type === place.type);
  const backup = storage?.backup?.();
  if (!backup) return { kind: "unknown" };
  const [ok, location] = await backup.backupData(destination);
  return ok && location !== null ? { kind: "backup", location } : { kind: "nothing" };
}

function snapshotName(run: string, destination: string): string {
  const name = `millrace-undo-${run}-${destination}`;
  if (name.length <= 200) return name;
  return `${name.slice(0, 180)}-${createHash("sha256").update(name).digest("hex").slice(0, 16)}`;
}

/** This run made it before it was killed, and saved nothing since: else it would know that. */
function isThere(cause: unknown): void {
  if (!(cause instanceof ConflictError)) throw cause;
}

function missingIsNone(cause: unknown): [] {
  if (cause instanceof Error && "code" in cause && cause.code === "FRAME_NOT_FOUND") return [];
  throw cause;
}

/** Removes what was kept for an undo that can't be any more. What can't be removed stays, and is told. */
export async function dropBefore(
  session: Pick<Session, "factory" | "ledger" | "logger">,
  touch: TouchRecord,
): Promise<void> {
  const { before, destination, type } = touch;
  if (before === null || before.kind === "nothing" || before.kind === "unknown") return;
  try {
    const storage = session.factory.storages.find((each) => each.type === type);
    if (before.kind === "snapshot") await call(storage?.saver?.(), "deleteSnapshot", before.name);
    else await call(storage?.backup?.(), "removeBackup", before.location);
    await session.ledger.forgetBefore(touch);
  } catch (cause) {
    session.logger.warn(
      { frame: destination, err: cause },
      `What was kept of ${destination} to undo an earlier run stays.`,
    );
  }
}

async function call(component: object | undefined, method: string, argument: string): Promise<void> {
  const found: unknown = component && Reflect.get(component, method);
  if (typeof found === "function") await found.call(component, argument);
}
