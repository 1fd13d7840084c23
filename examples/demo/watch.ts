import { basename } from "node:path";
import type { DataFactory } from "millrace";

/** One thing that a pipeline did. */
export interface Step {
  what: string;
  rows: number | null;
  /** Since the pipeline's step before. */
  ms: number;
}

/** The same factory, but its components tell `onStep` what they have done. The pipelines know nothing of it. */
export function watch(factory: DataFactory, onStep: (step: Step) => void): DataFactory {
  let since = performance.now();
  let hasRead = false;
  const tell = (what: string, rows: number | null) => {
    const now = performance.now();
    onStep({ what, rows, ms: now - since });
    since = now;
  };
  return withMethods(factory, {
    createDataSource: (type: string) =>
      withMethods(factory.createDataSource(type), {
        getData: async (name: string, ...rest: never[]) => {
          const data = await factory.createDataSource(type).getData(name, ...rest);
          hasRead = true;
          tell(`read ${type}:${name}`, data.height);
          return data;
        },
      }),
    createDataSaver: (type: string) => {
      const saver = factory.createDataSaver(type);
      const telling =
        (method: "saveData" | "saveWithBackup") =>
        async (...args: Parameters<typeof saver.saveData>) => {
          const saved = await saver[method](...args);
          tell(`${hasRead ? "save" : "scrape, save"} to ${type}:${args[1]}`, args[0].height);
          return saved;
        };
      return withMethods(saver, { saveData: telling("saveData"), saveWithBackup: telling("saveWithBackup") });
    },
    createDataBackup: (type: string) => {
      const backup = factory.createDataBackup(type);
      return withMethods(backup, {
        backupData: async (name: string) => {
          const [ok, location] = await backup.backupData(name);
          tell(
            ok
              ? `back up ${type}:${name} as ${basename(location ?? "")}`
              : `back up ${type}:${name}: nothing stood there yet`,
            null,
          );
          return [ok, location];
        },
      });
    },
  });
}

/** The object with some methods replaced; all others run on the object itself, so that private fields stay reachable. */
function withMethods<T extends object>(target: T, methods: Record<string, unknown>): T {
  return new Proxy(target, {
    get(_, key) {
      if (typeof key === "string" && Object.hasOwn(methods, key)) return methods[key];
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
