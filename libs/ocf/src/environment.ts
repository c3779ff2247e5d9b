/**
 * The environment an OCF agent is run with. It is built from nothing: what stands in the environment of the executor
 * does not reach an agent. Source: OCF Resource Agent API 1.1, "Parameters"; the `HA_*` and `CRM_meta_*` names are those that
 * the shell functions of the field's agents read.
 */

/** What of an operation matters to its agent. */
export interface AgentCall {
  readonly resource: string;
  readonly agent: { readonly provider: string | null; readonly type: string };
  readonly task: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Become OCF_RESKEY_<name>. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Become OCF_RESKEY_CRM_meta_<name>, with `-` written `_`. */
  readonly meta: Readonly<Record<string, string>>;
}

/** What an agent is told of the place it runs in. */
export interface AgentHost {
  readonly node: string;
  /** Directory with `resource.d` and `lib`; OCF_ROOT. */
  readonly ocfRoot: string;
  /** Where agents keep state that a reboot must clear; HA_RSCTMP. One per node, for nodes may share a file system. */
  readonly stateDirectory: string;
  /** Where agents look for `crm_attribute` and its like; HA_SBIN_DIR. Absent: the agents' own default. */
  readonly sbinDirectory?: string;
}

export const AGENT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Which dialect of Pacemaker's tools agents may expect; a parameter of the same name overrides it. */
const CRM_FEATURE_SET = "3.16.2";

export function operationEnvironment(call: AgentCall, host: AgentHost): Record<string, string> {
  const environment: Record<string, string> = {
    PATH: AGENT_PATH,
    LC_ALL: "C",
    OCF_RA_VERSION_MAJOR: "1",
    OCF_RA_VERSION_MINOR: "1",
    OCF_ROOT: host.ocfRoot,
    OCF_RESOURCE_INSTANCE: call.resource,
    OCF_RESOURCE_TYPE: call.agent.type,
    OCF_CHECK_LEVEL: call.parameters["OCF_CHECK_LEVEL"] ?? "0",
    HA_RSCTMP: host.stateDirectory,
    OCF_RESKEY_crm_feature_set: CRM_FEATURE_SET,
  };
  if (call.agent.provider !== null) environment["OCF_RESOURCE_PROVIDER"] = call.agent.provider;
  if (host.sbinDirectory !== undefined) environment["HA_SBIN_DIR"] = host.sbinDirectory;
  const meta = { ...call.meta, name: call.task, interval: String(call.intervalMs), timeout: String(call.timeoutMs), on_node: host.node };
  for (const [name, value] of Object.entries(meta)) put(environment, `OCF_RESKEY_CRM_meta_${name.replaceAll("-", "_")}`, value);
  for (const [name, value] of Object.entries(call.parameters)) put(environment, `OCF_RESKEY_${name}`, value);
  return environment;
}

/** A name with `=`, or a NUL anywhere, cannot stand in an environment; the kernel would cut or misread it. */
function put(environment: Record<string, string>, name: string, value: string): void {
  if (!name.includes("=") && !`${name}${value}`.includes("\0")) environment[name] = value;
}
