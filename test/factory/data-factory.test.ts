import { expect, expectTypeOf, test } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import type { IDataSource } from "../../src/contracts/data-source.ts";
import { ConfigError } from "../../src/errors.ts";
import { DataFactory } from "../../src/factory/data-factory.ts";
import { frame } from "../../src/frame/frame.ts";
import { CsvSaver, CsvSource } from "../../src/storages/csv/index.ts";
import type { PostgresBackup, PostgresSource } from "../../src/storages/postgres/index.ts";
import { appFolder, silent } from "../config/app-folder.ts";
import { readOnlyStorage } from "./own-storage.ts";

function newFactory(storages: ConstructorParameters<typeof DataFactory>[0]["storages"] = []) {
  return new DataFactory({ config: parseConfig(), logger: silent, storages });
}

test("the factory lists the types of each role", async () => {
  await using factory = newFactory();
  expect(factory.listDataSources()).toEqual(["csv", "postgres", "arctic", "temp"]);
  expect(factory.listDataSavers()).toEqual(["csv", "postgres", "arctic", "temp"]);
  expect(factory.listDataBackup()).toEqual(["csv", "postgres", "arctic"]);
});

test("components are picked by name at run time and share one storage of each type", async () => {
  await using folder = await appFolder();
  const config = parseConfig({ FS_DATA: folder.path });
  await using factory = new DataFactory({ config, logger: silent });
  const type: string = "csv";
  expect(factory.createDataSource(type)).toBeInstanceOf(CsvSource);
  expect(factory.createDataSaver(type)).toBeInstanceOf(CsvSaver);
  const data = frame([{ a: 1 }]);
  await factory.createDataSaver(type).saveData(data, "x");
  expect(await factory.createDataSource(type).listSources()).toEqual(["x.csv"]);
});

test.each([
  [
    "createDataSource",
    "postgers",
    'There is no storage "postgers". Did you mean "postgres"? With a source: csv, postgres, arctic, temp.',
  ],
  ["createDataSaver", "Csv", 'Did you mean "csv"?'],
  ["createDataBackup", "temp", 'The storage "temp" has no backup. With a backup: csv, postgres, arctic.'],
] as const)("%s(%j) is a ConfigError that names the right ones", async (method, type, message) => {
  await using factory = newFactory();
  const attempt = () => factory[method](type as string);
  expect(attempt).toThrow(ConfigError);
  expect(attempt).toThrow(expect.objectContaining({ code: "TYPE_UNKNOWN", message: expect.stringContaining(message) }));
});

test("a user's own storage joins the lists of the roles it has, given or registered", async () => {
  await using factory = newFactory([readOnlyStorage().storage]);
  factory.register(readOnlyStorage("meter").storage);
  expect(factory.listDataSources()).toEqual(["csv", "postgres", "arctic", "temp", "sensor", "meter"]);
  expect(factory.listDataSavers()).not.toContain("sensor");
  expect(await factory.createDataSource("meter").listSources()).toEqual(["a"]);
  expect(() => factory.createDataSaver("meter")).toThrow(/"meter" has no saver/);
});

test("a type that is taken, and a storage without a role, are refused", async () => {
  await using factory = newFactory();
  expect(() => factory.register(readOnlyStorage("csv").storage)).toThrow(/"csv" is registered already/);
  const { type, capabilities } = readOnlyStorage().storage;
  expect(() => factory.register({ type, capabilities })).toThrow(/has no role/);
});

test("closing closes every storage once, also when another fails to, and ends the factory", async () => {
  const own = readOnlyStorage();
  const broken = { ...readOnlyStorage("broken").storage, close: () => Promise.reject(new Error("stuck")) };
  const factory = newFactory([broken, own.storage]);
  await expect(factory.close()).rejects.toThrow("stuck");
  await expect(factory.close()).rejects.toThrow("stuck");
  expect(own.calls.closed).toBe(1);
  expect(() => factory.createDataSource("csv")).toThrow(/factory is closed/);
  expect(() => factory.register(readOnlyStorage("late").storage)).toThrow(/factory is closed/);
});

test("a literal type gives the storage's own component, any other text the contract", () => {
  type Factory = InstanceType<typeof DataFactory>;
  const typed = (factory: Factory, type: string) => {
    expectTypeOf(factory.createDataSource("postgres")).toEqualTypeOf<PostgresSource>();
    expectTypeOf(factory.createDataSource("postgres").query).toBeFunction();
    expectTypeOf(factory.createDataBackup("postgres")).toEqualTypeOf<PostgresBackup>();
    expectTypeOf(factory.createDataSource("csv")).toEqualTypeOf<CsvSource>();
    expectTypeOf(factory.createDataSource(type)).toEqualTypeOf<IDataSource>();
    // @ts-expect-error temp has no backup role
    factory.createDataBackup("temp");
    // @ts-expect-error csv has no query
    factory.createDataSource("csv").query("select 1");
    // @ts-expect-error there is no such read option
    factory.createDataSource("postgres").getData("x", { colums: ["a"] });
    // @ts-expect-error upsert needs a key
    factory.createDataSaver("csv").saveData(frame([]), "x", { mode: "upsert" });
    // @ts-expect-error keepOrder is an option of postgres only
    factory.createDataSaver("csv").saveData(frame([]), "x", { keepOrder: true });
  };
  expect(typed).toBeTypeOf("function");
});
