import { definePipeline } from "millrace";

/** Backs up every frame that has changed, and proves the newest backup. */
export default definePipeline({
  name: "archive",
  schedule: { cron: "0 3 * * *", zone: "UTC" },
  steps: [
    {
      name: "back up",
      run: async ({ each, factory }) => {
        const backup = factory.createDataBackup("csv");
        await each(["prices", "weather"], async (name) => {
          const [, location] = await backup.backupData(name);
          if (location) await backup.proveBackup(location);
        });
      },
    },
  ],
});
