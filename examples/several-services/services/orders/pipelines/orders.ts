import { definePipeline, frame } from "millrace";

/** Orders of the last hour, as another system would hand them over. */
export default definePipeline({
  name: "orders",
  schedule: { every: "1h" },
  steps: [
    {
      name: "take",
      run: async ({ saver }) => {
        const orders = frame([
          { order: 1, item: "flour", amount: 12 },
          { order: 2, item: "bran", amount: 3 },
        ]);
        await saver("csv").saveData(orders, "orders", { mode: "upsert", key: ["order"] });
      },
    },
  ],
});
