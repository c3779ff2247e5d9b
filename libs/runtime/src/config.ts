/** One YAML file per node for all services, with QUORATE_* variables over it. Read once, at the start. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { QuorateError } from "@quorate/core";
import type { z } from "zod";
import { type QuorateConfig, configSchema, crossFieldProblems } from "./config-schema.ts";
import { type ConfigPath, type EnvKey, envKeys, envValue, parseConfigText, withValue } from "./config-source.ts";

export const DEFAULT_CONFIG_FILE = "/etc/quorate/quorate.yaml";
/** Names the file; every other QUORATE_* variable overrides one key. */
const FILE_VARIABLE = "QUORATE_CONFIG";

/**
 * Reads `file` (or QUORATE_CONFIG, or the default place) and the QUORATE_* variables of `env`.
 * @throws QuorateError QUORATE_CONFIG_INVALID with every problem, one per line: `quorate.yaml:12: membership.deadTimeMs: expected integer 300..600000, got "x"`.
 */
export function loadConfig(options: { file: string | null; env: Readonly<Record<string, string | undefined>> }): QuorateConfig {
  const file = options.file ?? options.env[FILE_VARIABLE] ?? DEFAULT_CONFIG_FILE;
  return parseConfig({ file, text: readConfigFile(file), env: options.env });
}

/** `loadConfig` for a text that was read already; `file` is only its name. */
export function parseConfig(options: { file: string; text: string; env: Readonly<Record<string, string | undefined>> }): QuorateConfig {
  const source = parseConfigText(options.text);
  if (source.problems.length > 0) throw invalid(source.problems.map((problem) => `${options.file}:${problem}`));
  const problems: string[] = [];
  const overridden = new Map<string, string>();
  let value = source.value;
  for (const [name, key, text] of overrides(options.env, problems)) {
    overridden.set(key.path.join("."), name);
    value = withValue(value, key.path, envValue(key.kind, text));
  }
  const report = (path: ConfigPath, message: string): void => {
    const dotted = path.reduce<string>((done, key) => (typeof key === "number" ? `${done}[${key}]` : done === "" ? key : `${done}.${key}`), "");
    const variable = overridden.get(path.slice(0, path.length).join("."));
    const line = source.lineOf(path);
    const where = variable ?? (line === null ? options.file : `${options.file}:${line}`);
    problems.push(`${where}: ${dotted === "" ? "" : `${dotted}: `}${message}`);
  };
  const parsed = configSchema.safeParse(value);
  if (!parsed.success) for (const issue of parsed.error.issues) reportIssue(issue, report);
  else for (const problem of crossFieldProblems(parsed.data)) report(problem.path, problem.message);
  if (problems.length > 0 || !parsed.success) throw invalid(problems);
  return deepFreeze(parsed.data);
}

/**
 * Identity of the cluster's founding configuration: nodes bootstrap together only when all have the same (ARCHITECTURE D1).
 * SHA-256, hexadecimal, over the cluster's name and its nodes sorted by name; nothing else of the file takes part.
 */
export function configHash(config: Pick<QuorateConfig, "cluster" | "nodes">): string {
  const nodes = config.nodes.map((node) => [node.name, node.address]).toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify([config.cluster, nodes])).digest("hex");
}

function readConfigFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new QuorateError("QUORATE_CONFIG_INVALID", `${file}: cannot be read (${(cause as NodeJS.ErrnoException).code ?? "error"})`, { cause });
  }
}

function* overrides(env: Readonly<Record<string, string | undefined>>, problems: string[]): Iterable<[name: string, key: EnvKey, text: string]> {
  const keys = envKeys(configSchema);
  for (const name of Object.keys(env).toSorted()) {
    const text = env[name];
    if (!name.startsWith("QUORATE_") || name === FILE_VARIABLE || text === undefined) continue;
    const key = keys.get(name);
    if (key === undefined) problems.push(`${name}: no configuration key has this name`);
    else yield [name, key, text];
  }
}

function reportIssue(issue: z.core.$ZodIssue, report: (path: ConfigPath, message: string) => void): void {
  const path = issue.path.map((key) => (typeof key === "symbol" ? String(key) : key));
  if (issue.code === "unrecognized_keys") {
    for (const key of issue.keys) report([...path, key], "unknown key");
  } else if (issue.code === "invalid_key") {
    report(path, issue.issues.map((inner) => inner.message).join("; "));
  } else if (issue.code === "invalid_type" && issue.input === undefined && /received undefined/.test(issue.message)) {
    report(path, `is missing; expected ${issue.expected}`);
  } else report(path, issue.message.replace(/^Invalid input: /, ""));
}

function invalid(problems: readonly string[]): QuorateError {
  return new QuorateError("QUORATE_CONFIG_INVALID", problems.join("\n"), { details: { problems: problems.length } });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
