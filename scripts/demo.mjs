// `npm run demo`: set-up, then the five-node demo. As root every node is a set of namespaces; else processes on 127.0.0.0/8.
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { build, fail, installDependencies, nodeBinary, projectDir } from "./setup.mjs";

installDependencies();
build();

const NEEDED_FOR_NAMESPACES = ["unshare", "nsenter", "ip", "losetup", "mkfs.ext4", "mount"];
const args = process.argv.slice(2);
const root = process.getuid?.() === 0 && !args.includes("--no-root");
const missing = NEEDED_FOR_NAMESPACES.filter((name) => spawnSync("sh", ["-c", `command -v ${name}`]).status !== 0);
// Inside the demo's private network nothing can be downloaded: what is needed from outside is fetched here.
const prepared = spawnSync(nodeBinary, ["--conditions=@quorate/source", join(projectDir, "integration-tests/src/demo/prepare.ts")], { cwd: projectDir, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
if (prepared.status !== 0) fail("the demo needs nats-server; see above");
/** @type {{ ocfRoot: string | null }} */
const { ocfRoot } = JSON.parse(prepared.stdout);
if (ocfRoot === null) missing.push("Debian's package resource-agents");
if (root && missing.length > 0) process.stderr.write(`Not found: ${missing.join(", ")}. The demo runs without namespaces.\n`);
const namespaces = root && missing.length === 0;
const program = [nodeBinary, "--conditions=@quorate/source", join(projectDir, "integration-tests/src/demo/main.ts"), ...args.filter((arg) => arg !== "--no-root"), "--kind", namespaces ? "namespaces" : "loopback"];
// In a private network and mount namespace the demo's switch, cards and mounts vanish with the last of its processes.
const [command, ...rest] = namespaces ? ["unshare", "--net", "--mount", "--propagation", "private", "--", ...program] : program;
const demo = spawn(command, rest, { cwd: projectDir, stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {}); // the demo gets it too, cleans up and ends; its code is ours
demo.on("exit", (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
