import { styleText } from "node:util";
import type { Diagnosis, IDiagnose } from "../contracts/diagnose.ts";
import type { IStorage } from "../contracts/storage.ts";
import { MillraceError } from "../errors.ts";
import { checkMachine, checkPlaces } from "./machine.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, printLines } from "./output.ts";
import { exitCodes } from "./report-error.ts";
import { inSession } from "./session.ts";

/** Checks the machine, the settings and what each storage needs. Installs and starts nothing. Exit code 1 when something fails. */
export async function doctor(options: GlobalOptions): Promise<void> {
  const found = [...checkMachine(), ...(await checkProject(options))];
  if (options.json) printJson(found);
  else printLines(found.flatMap((diagnosis) => linesOf(diagnosis, options)));
  if (found.some(({ status }) => status === "fail")) process.exitCode = exitCodes.failed;
}

async function checkProject(options: GlobalOptions): Promise<Diagnosis[]> {
  try {
    return await inSession(options, async ({ config, factory }) => {
      const settings: Diagnosis = {
        name: "Settings",
        status: "ok",
        found: `valid, for the service ${options.service}`,
      };
      const storages = await Promise.all(factory.storages.map(checkStorage));
      return [settings, ...(await checkPlaces(config)), ...storages.flat()];
    });
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return [{ name: "Settings", status: "fail", found: error.message, remedy: error.hint }];
  }
}

async function checkStorage(storage: IStorage): Promise<Diagnosis[]> {
  if ("diagnose" in storage) return (storage as IStorage & IDiagnose).diagnose();
  const role = storage.source?.() ?? storage.saver?.() ?? storage.backup?.();
  const usable = (await role?.healthCheck()) ?? false;
  if (usable) return [{ name: storage.type, status: "ok", found: "can be used" }];
  return [
    {
      name: storage.type,
      status: "fail",
      found: "can't be used now",
      remedy: `Run \`millrace list ${storage.type}\` for the cause.`,
    },
  ];
}

function linesOf({ name, status, found, remedy }: Diagnosis, { quiet }: GlobalOptions): string[] {
  if (quiet && status === "ok") return [];
  const colour = { ok: "green", warn: "yellow", fail: "red" } as const;
  const mark = styleText(colour[status], status.padEnd(4), { stream: process.stdout });
  const lines = [`${mark}  ${name.padEnd(12)}  ${found.replaceAll("\n", "\n                    ")}`];
  if (status !== "ok" && remedy !== undefined) lines.push(`                    -> ${remedy}`);
  return lines;
}
