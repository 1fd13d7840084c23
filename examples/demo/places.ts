import { join, relative } from "node:path";
import { type Config, DataFactory, type HelperStatus, type IDiagnose, type IHelpers } from "millrace";
import { print, sayingLogger } from "./progress.ts";
import { aligned } from "./summary.ts";

/** Says what the demo reads, what it may fetch, how large and to where. */
export async function announce(config: Config, folder: string, sites: string): Promise<void> {
  print("millrace demo: three pipelines on stores that need no set-up");
  print(`  data goes to    ${folder}`);
  print(`  pages come from ${sites}`);
  await using factory = new DataFactory({ config, logger: sayingLogger(() => {}) });
  for (const storage of factory.storages) {
    if (!("diagnose" in storage)) continue;
    for (const { name, found, remedy } of await (storage as unknown as IDiagnose).diagnose()) {
      print(`  ${name.padEnd(15)} ${found}${remedy ? `. ${remedy}` : ""}`);
    }
  }
  print();
}

/** Where the data is now, and the commands to look at it. */
export async function whereToLook(config: Config, folder: string): Promise<string[]> {
  const here = (path = "") => join(folder, relative(process.cwd(), path));
  await using factory = new DataFactory({ config, logger: sayingLogger(() => {}) });
  const helpers: HelperStatus[] = [];
  for (const storage of factory.storages) {
    if ("helpers" in storage) helpers.push(...(await (storage as unknown as IHelpers).helpers()));
  }
  const postgres = join(here(config.FS_DATA), ".millrace", "postgres");
  const server = helpers.find(({ where }) => where?.startsWith("postgres"))?.where;
  return [
    "Where the data is now",
    ...aligned([
      ["  temp:screener", here(config.FS_TEMP)],
      ["  postgres:screener, postgres:backup_copy", server ?? postgres],
      ["", `password in ${join(postgres, "access.json")}`],
      ["  arctic:processed_data, arctic:backup_copy", `${here(config.FS_DATA)}/arctic (LMDB)`],
      ["  csv:input_data.csv, csv:backup_copy.csv", here(config.FS_DATA)],
      ["  backups", here(config.FS_BACKUP)],
    ]),
    "",
    "Look at it",
    `  cd ${folder}`,
    "  npx millrace list",
    "  npx millrace show postgres:screener",
    "  npx millrace show arctic:processed_data",
    "  npx millrace show csv:backup_copy",
    "  npx millrace ps",
  ];
}
