// `npm test [STEP ...]`: set-up, then everything CI runs. Steps: types lint contracts licences unit simulation integration.
// Ends with one line that counts tests, and exit code 0 only when all of them passed.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { build, environment, fail, installDependencies, nodeBinary, projectDir } from "./setup.mjs";

const SIMULATION_SEEDS = "300";

/** Each step: its command, and how many tests its output says it ran. */
const STEPS = [
  { name: "types", command: ["turbo", "run", "typecheck", "--output-logs=errors-only", "--ui=stream", "--concurrency=2"], count: () => 0 },
  { name: "lint", command: ["oxlint", "--type-aware"], count: () => 0 },
  { name: "contracts", command: ["buf", "lint"], count: () => 0 },
  { name: "licences", command: [nodeBinary, join(projectDir, "scripts/licences.mjs"), "--check"], count: () => 0 },
  { name: "unit", command: ["turbo", "run", "test", "--output-logs=new-only", "--ui=stream", "--concurrency=2"], count: vitestCount },
  { name: "simulation", command: [nodeBinary, "--conditions=@quorate/source", join(projectDir, "libs/sim/run.ts"), "--seeds", SIMULATION_SEEDS], count: (text) => Number(/^(\d+) seeds, 0 with a violation/m.exec(text)?.[1] ?? 0) },
  { name: "integration", command: ["npm", "run", "--silent", "test:integration", "--workspace", "integration-tests"], count: vitestCount },
];

installDependencies();
build({ quiet: false });
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !STEPS.some((step) => step.name === name));
if (unknown.length > 0) fail(`no test step ${unknown.join(", ")}; there are ${STEPS.map(({ name }) => name).join(", ")}`);
let passed = 0;
for (const step of STEPS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const startedMs = performance.now();
  process.stdout.write(`== ${step.name}\n`);
  const { code, text } = await runStep(step.command);
  process.stdout.write(`== ${step.name}: ${code === 0 ? "ok" : "FAILED"} after ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
  if (code !== 0) {
    process.stdout.write(`${passed} passed, 1 failed\n`);
    process.exit(1);
  }
  passed += step.count(text);
}
process.stdout.write(`${passed} passed, 0 failed\n`);

/** @param {string[]} words @returns {Promise<{ code: number, text: string }>} */
function runStep([command, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: projectDir, env: environment(), stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (part) => {
        text += part;
        process.stdout.write(part);
      });
    }
    child.on("error", (error) => fail(`${command} cannot be run: ${error.message}`));
    child.on("close", (code) => resolve({ code: code ?? 1, text }));
  });
}

/** Sum over the closing lines of vitest, which may be coloured. @param {string} text */
function vitestCount(text) {
  // oxlint-disable-next-line no-control-regex -- colours are control characters
  const plain = text.replaceAll(/\u001b\[[0-9;]*m/g, "");
  return [...plain.matchAll(/Tests\s+(?:\d+ failed \| )?(\d+) passed/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}
