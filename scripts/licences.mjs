// `node scripts/licences.mjs [--check]`: writes docs/licences.md from package-lock.json, or with --check says whether the page is right.
// Fails on a licence that nobody has looked at. Plain JavaScript for any Node >= 20.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const projectDir = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(projectDir, "docs", "licences.md");

/** May be distributed together with Apache-2.0 code. */
const DISTRIBUTABLE = new Set(["0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0", "Unlicense"]);
/** Fine in tools that build and test Quorate and are not distributed with it. */
const FOR_TOOLS = new Set([...DISTRIBUTABLE, "CC-BY-4.0", "MPL-2.0", "Python-2.0"]);

const packages = readPackages();
const problems = packages.filter((one) => !isAccepted(one.licence, one.tool ? FOR_TOOLS : DISTRIBUTABLE));
for (const { name, version, licence, tool } of problems) {
  process.stderr.write(`licences: ${name} ${version}: ${licence ?? "no licence stated"} is not accepted for a ${tool ? "tool" : "run-time dependency"}\n`);
}
if (problems.length > 0) process.exit(1);
const text = render(packages);
if (!process.argv.includes("--check")) {
  writeFileSync(page, text);
} else if (!existsSync(page) || readFileSync(page, "utf8") !== text) {
  process.stderr.write("licences: docs/licences.md is not up to date; run: node scripts/licences.mjs\n");
  process.exit(1);
}
process.stdout.write(`licences: ${packages.length} packages, all accepted\n`);

/** Every package that the lock file can install on any platform, by name and version. */
function readPackages() {
  const lock = JSON.parse(readFileSync(join(projectDir, "package-lock.json"), "utf8"));
  /** @type {Map<string, { name: string, version: string, licence: string | null, tool: boolean }>} */
  const found = new Map();
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (!path.includes("node_modules/") || entry.link === true) continue;
    const name = entry.name ?? path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const tool = entry.dev === true || entry.devOptional === true;
    const known = found.get(`${name} ${entry.version}`);
    const licence = typeof entry.license === "string" ? entry.license : installedLicence(path);
    found.set(`${name} ${entry.version}`, { name, version: entry.version, licence, tool: tool && (known?.tool ?? true) });
  }
  return [...found.values()].sort((a, b) => (a.name === b.name ? compare(a.version, b.version) : compare(a.name, b.name)));
}

/** What the package itself says, when the lock file does not; null when it is not installed or says nothing. @param {string} path */
function installedLicence(path) {
  const file = join(projectDir, path, "package.json");
  if (!existsSync(file)) return null;
  const { license } = JSON.parse(readFileSync(file, "utf8"));
  return typeof license === "string" ? license : null;
}

/** SPDX expressions without mixture: "(A OR B)" needs one of them, "(A AND B)" all. @param {string | null} licence @param {Set<string>} accepted */
function isAccepted(licence, accepted) {
  if (licence === null) return false;
  const bare = licence.replace(/^\((.*)\)$/, "$1");
  if (/\bOR\b/.test(bare)) return !/\bAND\b|[()]/.test(bare) && bare.split(/\s+OR\s+/).some((one) => accepted.has(one));
  return bare.split(/\s+AND\s+/).every((one) => accepted.has(one));
}

/** @param {ReturnType<typeof readPackages>} all */
function render(all) {
  const table = (/** @type {typeof all} */ rows) => ["| package | version | licence |", "|---|---|---|", ...rows.map(({ name, version, licence }) => `| ${name} | ${version} | ${(licence ?? "").replace(/^\((.*)\)$/, "$1")} |`)].join("\n");
  const runtime = all.filter(({ tool }) => !tool);
  const tools = all.filter(({ tool }) => tool);
  return `# Licences of the dependencies

Made by \`node scripts/licences.mjs\` from package-lock.json; \`--check\` compares. It fails on a licence that is not in its lists, so a new one is
looked at by a person first. Why each dependency is there: [adr/0014-dependencies.md](adr/0014-dependencies.md). Quorate itself is Apache-2.0.

Beside them Quorate runs programs that it does not contain: nats-server (Apache-2.0), and the resource agents and fence agents of the machine (those
of Debian are GPL-2+ and LGPL-2.1+), as processes of their own.

## At run time (${runtime.length})

Packages of other platforms are included: the lock file can install them.

${table(runtime)}

## To build and test (${tools.length})

Not distributed with Quorate.

${table(tools)}
`;
}

/** @param {string} a @param {string} b */
function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
