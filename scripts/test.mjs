// `npm test`: set-up, then everything CI runs: build, types, unit tests, lint, contracts, simulation, integration.
import { build, installDependencies, run } from "./setup.mjs";

installDependencies();
build({ quiet: false });
const only = process.argv.slice(2);
const steps = [
  ["types", "turbo", ["run", "typecheck", "--output-logs=errors-only", "--ui=stream"]],
  ["lint", "oxlint", ["--type-aware"]],
  ["contracts", "buf", ["lint"]],
  ["unit tests", "turbo", ["run", "test", "--output-logs=errors-only", "--ui=stream"]],
];
for (const [name, command, args] of steps) {
  if (only.length > 0 && !only.includes(name)) continue;
  const startedMs = performance.now();
  process.stderr.write(`== ${name}\n`);
  run(command, args);
  process.stderr.write(`== ${name}: ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
}
