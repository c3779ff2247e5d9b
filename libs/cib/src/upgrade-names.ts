/** What was called otherwise before pacemaker-3.0, and what became of it. Source: Pacemaker's published upgrade (2.10 to 3.0). */

/** A cluster option that moved or went: `name` null means it is dropped, with `why`. */
export interface OptionChange {
  readonly name: string | null;
  readonly to: "crm_config" | "rsc_defaults" | "op_defaults";
  /** Only this value is moved; others are dropped. */
  readonly onlyValue?: string;
  readonly newValue?: string;
  readonly why?: string;
}

const STICKINESS: OptionChange = { name: "resource-stickiness", to: "rsc_defaults" };
const MANAGED: OptionChange = { name: "is-managed", to: "rsc_defaults" };
const TIMEOUT: OptionChange = { name: "timeout", to: "op_defaults" };
const FAILURE_STICKINESS: OptionChange = {
  name: "migration-threshold",
  to: "rsc_defaults",
  onlyValue: "-INFINITY",
  newValue: "1",
  why: "failures no longer lower scores; migration-threshold in rsc_defaults says after how many a resource moves",
};
const THRESHOLD: OptionChange = { name: null, to: "crm_config", why: "it had no effect; migration-threshold in rsc_defaults does this" };
const NOTIFICATION: OptionChange = { name: null, to: "crm_config", why: "alerts do this" };

function renamed(name: string): OptionChange {
  return { name, to: "crm_config" };
}

export const CLUSTER_OPTION_CHANGES: ReadonlyMap<string, OptionChange> = new Map(
  Object.entries({
    cluster_recheck_interval: renamed("cluster-recheck-interval"),
    dc_deadtime: renamed("dc-deadtime"),
    "default-action-timeout": TIMEOUT,
    default_action_timeout: TIMEOUT,
    "default-migration-threshold": THRESHOLD,
    default_migration_threshold: THRESHOLD,
    "default-resource-failure-stickiness": FAILURE_STICKINESS,
    default_resource_failure_stickiness: FAILURE_STICKINESS,
    "default-resource-stickiness": STICKINESS,
    default_resource_stickiness: STICKINESS,
    election_timeout: renamed("election-timeout"),
    "expected-quorum-votes": { name: null, to: "crm_config", why: "quorum follows from the nodes of the configuration" },
    "is-managed-default": MANAGED,
    is_managed_default: MANAGED,
    no_quorum_policy: renamed("no-quorum-policy"),
    "notification-agent": NOTIFICATION,
    "notification-recipient": NOTIFICATION,
    remove_after_stop: renamed("remove-after-stop"),
    shutdown_escalation: renamed("shutdown-escalation"),
    startup_fencing: renamed("startup-fencing"),
    stonith_action: renamed("stonith-action"),
    stonith_enabled: renamed("stonith-enabled"),
    stop_orphan_actions: renamed("stop-orphan-actions"),
    stop_orphan_resources: renamed("stop-orphan-resources"),
    symmetric_cluster: renamed("symmetric-cluster"),
    transition_idle_timeout: renamed("cluster-delay"),
  } satisfies Record<string, OptionChange>),
);

/** Fence device parameters; the values stay. */
export const PARAMETER_NAMES: ReadonlyMap<string, string> = new Map([
  ["pcmk_list_cmd", "pcmk_list_action"],
  ["pcmk_monitor_cmd", "pcmk_monitor_action"],
  ["pcmk_off_cmd", "pcmk_off_action"],
  ["pcmk_on_cmd", "pcmk_on_action"],
  ["pcmk_reboot_cmd", "pcmk_reboot_action"],
  ["pcmk_status_cmd", "pcmk_status_action"],
]);

/** Options of an operation that stood among its parameters. */
export const OPERATION_PARAMETERS: ReadonlySet<string> = new Set([
  "interval-origin", "start-delay", "enabled", "on-fail", "record-pending", "role", "timeout",
]);

/** Heartbeat 2.0: meta-attributes that stood among the parameters, by their old names. */
export const HEARTBEAT_META_NAMES: ReadonlyMap<string, string> = new Map([
  ["allow_migrate", "allow-migrate"],
  ["clone_max", "clone-max"],
  ["clone_node_max", "clone-node-max"],
  ["globally_unique", "globally-unique"],
  ["is_managed", "is-managed"],
  ["master_max", "promoted-max"],
  ["master_node_max", "promoted-node-max"],
  ["migration_threshold", "migration-threshold"],
  ["multiple_active", "multiple-active"],
  ["resource_failure_stickiness", "resource-failure-stickiness"],
  ["resource_stickiness", "resource-stickiness"],
  ["restart_type", "restart-type"],
  ["target_role", "target-role"],
]);

/** The same, with names that an agent might use too: among the parameters of a primitive they stay and are copied. */
export const HEARTBEAT_SHARED_META_NAMES: ReadonlySet<string> = new Set(["priority", "notify", "ordered", "interleave", "collocated"]);
