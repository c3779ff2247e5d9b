import { defineConfig } from "vitest/config";

/**
 * Real clusters, one after the other: started by src/run-tests.ts, which sees to it that nothing is left behind.
 * Workspace imports resolve to sources, as in the configuration of the root; the services themselves run as built.
 */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: ["@quorate/source"] },
  ssr: { resolve: { conditions: ["@quorate/source", "node", "import"] } },
  test: {
    include: ["src/**/*.test.ts"],
    fileParallelism: false,
    pool: "forks",
    testTimeout: 240_000,
    hookTimeout: 180_000,
    teardownTimeout: 30_000,
    disableConsoleIntercept: true,
    reporters: ["verbose"],
  },
});
