import { defineConfig } from "vitest/config";

/** One configuration for every package: workspace imports resolve to sources, so a test never runs stale builds. */
export default defineConfig({
  resolve: { conditions: ["@quorate/source"] },
  ssr: { resolve: { conditions: ["@quorate/source", "node", "import"] } },
  test: { include: ["src/**/*.test.ts", "*.test.ts"] },
});
