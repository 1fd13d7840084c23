import { expect, test } from "vitest";
import { frame } from "../../src/frame/frame.ts";
import { startService } from "./start.ts";

test("the versions of a symbol are listed, and two of them compared", { timeout: 240_000 }, async () => {
  await using service = await startService();
  const saver = service.factory.createDataSaver("arctic");
  const day = (n: number) => new Date(Date.UTC(2024, 0, n));
  const schema = { at: "datetime[ns, UTC]", close: "float64" };
  await saver.saveData(frame([{ at: day(1), close: 1 }], schema), "prices", { key: ["at"] });
  await saver.saveData(
    frame(
      [
        { at: day(1), close: 2 },
        { at: day(2), close: 3 },
      ],
      schema,
    ),
    "prices",
    { key: ["at"] },
  );
  const listed = await (await service.get("/data/arctic/prices/versions")).text();
  expect(listed).toMatch(/Versions<\/a>/);
  const compared = await (await service.get("/data/arctic/prices/versions?old=0&new=1")).text();
  expect(compared).toContain("1 added, 0 removed, 1 changed, 0 unchanged");
  expect((await service.get("/data/csv/prices/versions")).status).toBe(400);
});
